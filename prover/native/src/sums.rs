//! Sums of points times scalars by the path that the processor has: lanes (AVX-512 IFMA) or portable arithmetic.
//!
//! Both are exact, so both give the same points, and a proof is the same bytes whichever path made it.

use ark_bn254::{g1, g2, Fr};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use zkmargin_lanes::Ifma;

use crate::error::Result;
use crate::field_io::RawPoint;
use crate::msm::msm;
use crate::progress::Counter;
use crate::value_error;

/// Below this many terms the lanes do not pay.
pub const FEWEST_FOR_LANES: usize = 1 << 10;

/// The path that computes.
#[derive(Clone, Copy)]
pub enum Kernel {
    Portable,
    Lanes(Ifma),
}

impl Kernel {
    /// Return the fastest path here, or the one that `ZKMARGIN_KERNEL` names. Raises where it names what is not there.
    pub fn choose() -> Result<Self> {
        match zkmargin_lanes::choose() {
            Ok(Some(token)) => Ok(Kernel::Lanes(token)),
            Ok(None) => Ok(Kernel::Portable),
            Err(text) => Err(value_error!("{text}")),
        }
    }
}

/// A curve whose points can be summed: G1 and G2.
#[cfg(target_arch = "x86_64")]
pub trait Curve: SWCurveConfig<ScalarField = Fr> {
    type Lanes: zkmargin_lanes::coordinate::Coordinate<Curve = Self>;
}

#[cfg(target_arch = "x86_64")]
impl Curve for g1::Config {
    type Lanes = zkmargin_lanes::Fq8;
}

#[cfg(target_arch = "x86_64")]
impl Curve for g2::Config {
    type Lanes = zkmargin_lanes::Fq2x8;
}

/// A curve whose points can be summed: G1 and G2.
#[cfg(not(target_arch = "x86_64"))]
pub trait Curve: SWCurveConfig<ScalarField = Fr> {}

#[cfg(not(target_arch = "x86_64"))]
impl Curve for g1::Config {}

#[cfg(not(target_arch = "x86_64"))]
impl Curve for g2::Config {}

/// Scalars made ready for sums over several vectors of points.
pub enum Scalars<S> {
    Portable {
        n: usize,
        scalar: S,
    },
    #[cfg(target_arch = "x86_64")]
    Lanes {
        token: Ifma,
        plan: zkmargin_lanes::Plan,
    },
}

/// A witness, made ready once for the sums that take wires of it.
pub struct Wires<'a> {
    values: &'a [Fr],
    #[cfg(target_arch = "x86_64")]
    recoded: Option<(Ifma, zkmargin_lanes::Witness)>,
}

impl<'a> Wires<'a> {
    /// The portable path does nothing here.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub fn new(kernel: Kernel, values: &'a [Fr], counter: &Counter) -> Self {
        #[cfg(target_arch = "x86_64")]
        let recoded = match kernel {
            Kernel::Lanes(token) if values.len() >= FEWEST_FOR_LANES => {
                Some((token, zkmargin_lanes::Witness::new(values.len(), |i| values[i], counter)))
            }
            _ => None,
        };
        Wires {
            values,
            #[cfg(target_arch = "x86_64")]
            recoded,
        }
    }

    /// Return the scalars of n points: point i takes wire `wire(i)`. Assumes it below their number.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub fn take<W: Fn(usize) -> usize + Sync>(
        &self,
        n: usize,
        wire: W,
        counter: &Counter,
    ) -> Scalars<impl Fn(usize) -> Fr + Sync + use<'a, W>> {
        let values = self.values;
        #[cfg(target_arch = "x86_64")]
        if let (Some((token, witness)), true) = (&self.recoded, n >= FEWEST_FOR_LANES) {
            let plan = zkmargin_lanes::Plan::of(witness, n, wire, counter);
            return Scalars::Lanes { token: *token, plan };
        }
        Scalars::Portable { n, scalar: move |i| values[wire(i)] }
    }
}

impl<S: Fn(usize) -> Fr + Sync> Scalars<S> {
    /// `repeats` says that many scalars may be equal: then lanes join them first. Assumes n < 2^30.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub fn new(kernel: Kernel, n: usize, repeats: bool, scalar: S, counter: &Counter) -> Self {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Lanes(token) if n >= FEWEST_FOR_LANES => {
                Scalars::Lanes { token, plan: zkmargin_lanes::Plan::new(n, repeats, scalar, counter) }
            }
            _ => Scalars::Portable { n, scalar },
        }
    }

    /// Return sum_i scalar(i) * points[i], of points as a key file holds them. `counter` counts terms.
    pub fn sum<P: Curve>(&self, points: &[u8], counter: &Counter) -> Projective<P>
    where
        Affine<P>: RawPoint,
    {
        match self {
            Scalars::Portable { n, scalar } => {
                let size = <Affine<P> as RawPoint>::RAW_BYTES;
                msm(*n, |i| RawPoint::from_raw(&points[size * i..size * (i + 1)]), scalar, counter)
            }
            #[cfg(target_arch = "x86_64")]
            Scalars::Lanes { token, plan } => {
                let rows = zkmargin_lanes::coordinate::rows::<P::Lanes>(points);
                zkmargin_lanes::msm::sum::<P::Lanes>(*token, plan, &rows, counter)
            }
        }
    }
}
