//! Powers of tau from a `.ptau` file: every point used is checked, and the powers are held to be powers.

use std::fs::File;
use std::path::{Path, PathBuf};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::AffineRepr;
use blake2::{Blake2b512, Digest as _};
use memmap2::Mmap;
use rayon::prelude::*;

use crate::ceremony::ptau::{find_points, Prepared, Section, Sections};
use crate::ceremony::same_ratio;
use crate::ceremony::transcript::Digest;
use crate::error::{KernelError, Result};
use crate::field_io::RawPoint;
use crate::msm::msm;
use crate::progress::Progress;
use crate::secrets::draw_factors;
use crate::value_error;

const HASH_CHUNK: usize = 1 << 24;

/// Checked powers for circuits of at most 2^domain_log2 rows.
pub struct Powers {
    pub domain_log2: u32,
    pub power: u32,
    pub sections: Sections,
    pub prepared: Option<Prepared>,
    pub digest: Digest,
    path: PathBuf,
    map: Mmap,
}

impl Powers {
    /// Map a file and check what a domain needs of it: 2^(d+1) powers in G1, 2^d of each other kind.
    pub fn load(path: &Path, domain_log2: u32, progress: &Progress) -> Result<Self> {
        let file = File::open(path).map_err(|error| KernelError::io(path, error))?;
        // SAFETY: the map is read only, as a key's is (keyfile.rs).
        let map = unsafe { Mmap::map(&file) }.map_err(|error| KernelError::io(path, error))?;
        let (power, sections, prepared) =
            find_points(&map, domain_log2).map_err(|what| value_error!("{}: {what}", path.display()))?;
        let digest = progress.watch("powers digest", map.len(), |counter| {
            let mut hasher = Blake2b512::new();
            map.chunks(HASH_CHUNK).take_while(|_| !counter.is_stopped()).for_each(|chunk| {
                hasher.update(chunk);
                counter.add(chunk.len());
            });
            hasher.finalize().into()
        })?;
        let powers = Powers { domain_log2, power, sections, prepared, digest, path: path.to_path_buf(), map };
        powers.check(progress).map_err(|error| error.in_file(path))?;
        Ok(powers)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn point<P: RawPoint>(&self, section: &Section, i: usize) -> P {
        let at = section.start + i * P::RAW_BYTES;
        P::from_raw(&self.map[at..at + P::RAW_BYTES])
    }

    pub fn alpha_g1(&self) -> G1Affine {
        self.point(&self.sections.alpha_g1, 0)
    }

    pub fn beta_g1(&self) -> G1Affine {
        self.point(&self.sections.beta_g1, 0)
    }

    pub fn beta_g2(&self) -> G2Affine {
        self.point(&self.sections.beta_g2, 0)
    }

    /// Refuse a section with a point that is not canonical, on the curve and of order r.
    pub fn check_points<P: RawPoint>(
        &self,
        name: &str,
        section: &Section,
        progress: &Progress,
    ) -> Result<()> {
        let n = section.len() / P::RAW_BYTES;
        let stage = format!("powers {name}");
        let bad = progress.watch(&stage, n, |counter| {
            (0..n).into_par_iter().with_min_len(256).find_first(|i| {
                counter.add(1);
                !counter.is_stopped() && !self.point::<P>(section, *i).is_sound()
            })
        })?;
        match bad {
            Some(i) => Err(value_error!("{name}[{i}] is not a point of order r")),
            None => Ok(()),
        }
    }

    fn check(&self, progress: &Progress) -> Result<()> {
        let sections = &self.sections;
        self.check_points::<G1Affine>("tauG1", &sections.tau_g1, progress)?;
        self.check_points::<G2Affine>("tauG2", &sections.tau_g2, progress)?;
        self.check_points::<G1Affine>("alphaTauG1", &sections.alpha_g1, progress)?;
        self.check_points::<G1Affine>("betaTauG1", &sections.beta_g1, progress)?;
        self.check_points::<G2Affine>("betaG2", &sections.beta_g2, progress)?;
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let tau_g1: G1Affine = self.point(&sections.tau_g1, 1);
        let tau_g2: G2Affine = self.point(&sections.tau_g2, 1);
        if self.point::<G1Affine>(&sections.tau_g1, 0) != g1
            || self.point::<G2Affine>(&sections.tau_g2, 0) != g2
        {
            return Err(value_error!("tauG1[0] or tauG2[0] is not the generator"));
        }
        if tau_g1.is_zero() || self.alpha_g1().is_zero() || self.beta_g1().is_zero() {
            return Err(value_error!("tau, alpha or beta is zero"));
        }
        let names = ["tauG1", "alphaTauG1", "betaTauG1"];
        let ranges = [&sections.tau_g1, &sections.alpha_g1, &sections.beta_g1];
        for (name, section) in names.into_iter().zip(ranges) {
            let (sum, shifted) = self.weigh_neighbours(name, section, progress)?;
            if !same_ratio(sum, shifted, g2, tau_g2) {
                return Err(value_error!("{name}: a point is not the one before it times tau"));
            }
        }
        let (sum, shifted) = self.weigh_neighbours("tauG2", &sections.tau_g2, progress)?;
        if !same_ratio(g1, tau_g1, sum, shifted) {
            return Err(value_error!("tauG2: a point is not the one before it times tau"));
        }
        if !same_ratio(g1, self.beta_g1(), g2, self.beta_g2()) {
            return Err(value_error!("betaG2 and betaTauG1[0] do not have one beta"));
        }
        Ok(())
    }

    /// Return sum_i f_i P_i and sum_i f_i P_(i+1) with random f: they differ by the factor tau if all neighbours do.
    fn weigh_neighbours<P: SWCurveConfig<ScalarField = Fr>>(
        &self,
        name: &str,
        section: &Section,
        progress: &Progress,
    ) -> Result<(Affine<P>, Affine<P>)>
    where
        Affine<P>: RawPoint,
    {
        let n = section.len() / Affine::<P>::RAW_BYTES - 1;
        let factors = draw_factors(n)?;
        let stage = format!("powers {name} in order");
        progress.watch(&stage, 2 * n, |counter| {
            let sum = |shift: usize| msm(n, |i| self.point(section, i + shift), |i| factors[i], counter);
            (sum(0).into(), sum(1).into())
        })
    }
}
