//! Which path computes: the lanes where the processor has the instructions, or the portable one.

/// The environment variable that forces a path: `portable` or `ifma`.
pub const SWITCH: &str = "ZKMARGIN_KERNEL";

/// A proof that this processor has the instructions: only `detect` makes one.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

impl Ifma {
    /// Return the proof where AVX-512 F, DQ, VL, VBMI2 and IFMA are there.
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512ifma")
        {
            return Some(Ifma(()));
        }
        None
    }
}

/// Return the proof, or None for the portable path. Raises where the switch asks for what is not there.
pub fn choose() -> Result<Option<Ifma>, String> {
    choose_by(std::env::var(SWITCH).ok().as_deref(), Ifma::detect())
}

fn choose_by(switch: Option<&str>, detected: Option<Ifma>) -> Result<Option<Ifma>, String> {
    match switch {
        None | Some("") => Ok(detected),
        Some("portable") => Ok(None),
        Some("ifma") if detected.is_some() => Ok(detected),
        Some("ifma") => Err(format!("{SWITCH}=ifma: this processor has no AVX-512 IFMA")),
        Some(other) => Err(format!("{SWITCH}={other}, expected portable or ifma")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_forces_a_path() {
        let there = Some(Ifma(()));
        assert!(choose_by(None, there).unwrap().is_some());
        assert!(choose_by(None, None).unwrap().is_none());
        assert!(choose_by(Some("portable"), there).unwrap().is_none());
        assert!(choose_by(Some("ifma"), there).unwrap().is_some());
        assert!(choose_by(Some("ifma"), None).unwrap_err().contains("no AVX-512 IFMA"));
        assert!(choose_by(Some("fast"), there).unwrap_err().contains("expected portable or ifma"));
    }
}
