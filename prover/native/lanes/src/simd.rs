//! One vector of eight 64-bit words, and all the instructions this crate uses.
//!
//! SAFETY, for every block below: the instructions need AVX-512 F, DQ, VL, VBMI2 and IFMA. A `V` is made from an
//! `Ifma`, which exists only where the processor has them, or from another `V`; so where there is a `V` to call a method
//! on, the instructions are there. None of them touches memory but `load`, `store` and `prefetch`, which take references.
//!
//! Everything is `inline(always)`: the loops that use it stand in functions compiled for these features (`features!`).

use std::arch::x86_64::*;

use crate::Ifma;

/// `[f(0), f(1), ..]` written out. `array::from_fn` and `map` would do, but the compiler may leave their closures
/// outside of the function that is compiled for these instructions, and then every instruction is a call.
macro_rules! each {
    ($i:ident of 3 => $value:expr) => { each!($i in [0, 1, 2] => $value) };
    ($i:ident of 4 => $value:expr) => { each!($i in [0, 1, 2, 3] => $value) };
    ($i:ident of 5 => $value:expr) => { each!($i in [0, 1, 2, 3, 4] => $value) };
    ($i:ident of 8 => $value:expr) => { each!($i in [0, 1, 2, 3, 4, 5, 6, 7] => $value) };
    ($i:ident in [$($index:literal),*] => $value:expr) => {
        [$({
            #[allow(unused_variables)]
            let $i: usize = $index;
            $value
        }),*]
    };
}
pub(crate) use each;

/// Eight 64-bit words.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct V(__m512i);

/// The low 52 bits: a limb.
pub const LIMB_MASK: u64 = (1 << 52) - 1;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($argument:ident),*) = $instruction:expr;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name(self, $($argument: V),*) -> V {
            // SAFETY: see the top of this file.
            unsafe { V($instruction(self.0, $($argument.0),*)) }
        })*
    };
}

impl V {
    operations! {
        add(other) = _mm512_add_epi64;
        sub(other) = _mm512_sub_epi64;
        and(other) = _mm512_and_si512;
        or(other) = _mm512_or_si512;
        /// Return self + the low 52 bits of a * b, of operands cut to 52 bits.
        madd_lo(a, b) = _mm512_madd52lo_epu64;
        /// Return self + the bits of a * b from 52 on, of operands cut to 52 bits.
        madd_hi(a, b) = _mm512_madd52hi_epu64;
        unpack_lo(other) = _mm512_unpacklo_epi64;
        unpack_hi(other) = _mm512_unpackhi_epi64;
    }

    #[inline(always)]
    pub fn splat(_: Ifma, word: u64) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_set1_epi64(word as i64)) }
    }

    /// Return eight times `word`; that `self` exists allows it.
    #[inline(always)]
    pub fn of(self, word: u64) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_set1_epi64(word as i64)) }
    }

    #[inline(always)]
    pub fn load(_: Ifma, words: &[u64; 8]) -> V {
        // SAFETY: see the top of this file; the reference covers the 64 bytes read.
        unsafe { V(_mm512_loadu_si512(words.as_ptr().cast())) }
    }

    /// As `load`; that `self` exists allows it.
    #[inline(always)]
    pub fn of_words(self, words: &[u64; 8]) -> V {
        // SAFETY: see the top of this file; the reference covers the 64 bytes read.
        unsafe { V(_mm512_loadu_si512(words.as_ptr().cast())) }
    }

    /// Return the words of both.
    #[inline(always)]
    pub fn load_two(_: Ifma, low: &[u64; 4], high: &[u64; 4]) -> V {
        // SAFETY: see the top of this file; the references cover the 32 bytes read of each.
        unsafe {
            let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.as_ptr().cast()));
            V(_mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.as_ptr().cast())))
        }
    }

    /// Return the five limbs of four words in lanes 0 to 4, zeros above.
    #[inline(always)]
    pub fn limbs_of(_: Ifma, words: &[u64; 4]) -> V {
        // SAFETY: see the top of this file; the reference covers the 32 bytes read.
        unsafe {
            let words = _mm512_maskz_loadu_epi64(0x0f, words.as_ptr().cast());
            let low = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 0, 1, 2, 3, 7, 7, 7), words);
            let high = _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 1, 2, 3, 7, 7, 7, 7), words);
            let moved = _mm512_shrdv_epi64(low, high, _mm512_setr_epi64(0, 52, 40, 28, 16, 0, 0, 0));
            V(_mm512_and_si512(moved, _mm512_set1_epi64(LIMB_MASK as i64)))
        }
    }

    #[inline(always)]
    pub fn store(self, words: &mut [u64; 8]) {
        // SAFETY: see the top of this file; the reference covers the 64 bytes written.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) }
    }

    pub fn words(self) -> [u64; 8] {
        let mut words = [0; 8];
        self.store(&mut words);
        words
    }

    /// Shift left, zeros in.
    #[inline(always)]
    pub fn shl<const BITS: u32>(self) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_slli_epi64::<BITS>(self.0)) }
    }

    /// Shift right, zeros in.
    #[inline(always)]
    pub fn shr<const BITS: u32>(self) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_srli_epi64::<BITS>(self.0)) }
    }

    /// Shift right, the sign in: the carry of a signed limb.
    #[inline(always)]
    pub fn sar<const BITS: u32>(self) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_srai_epi64::<BITS>(self.0)) }
    }

    /// Return the low words of (high:self) >> BITS.
    #[inline(always)]
    pub fn funnel<const BITS: i32>(self, high: V) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_shrdi_epi64::<BITS>(self.0, high.0)) }
    }

    /// Return eight of the sixteen words (high:self), from word FIRST on.
    #[inline(always)]
    pub fn align<const FIRST: i32>(self, high: V) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_alignr_epi64::<FIRST>(high.0, self.0)) }
    }

    #[inline(always)]
    pub fn shuffle<const HOW: i32>(self, other: V) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_shuffle_i64x2::<HOW>(self.0, other.0)) }
    }

    /// Return `table[self[lane] mod 8]` in each lane.
    #[inline(always)]
    pub fn look_up(self, table: &[u64; 8]) -> V {
        // SAFETY: see the top of this file; the reference covers the 64 bytes read.
        unsafe { V(_mm512_permutexvar_epi64(self.0, _mm512_loadu_si512(table.as_ptr().cast()))) }
    }

    /// Return `table[self[lane] mod 16]` in each lane.
    #[inline(always)]
    pub fn look_up_16(self, table: &[[u64; 8]; 2]) -> V {
        // SAFETY: see the top of this file; the references cover the 64 bytes read of each half.
        unsafe {
            let low = _mm512_loadu_si512(table[0].as_ptr().cast());
            let high = _mm512_loadu_si512(table[1].as_ptr().cast());
            V(_mm512_permutex2var_epi64(low, self.0, high))
        }
    }

    /// Return `other` in the lanes of the mask, self in the others.
    #[inline(always)]
    pub fn select(self, mask: u8, other: V) -> V {
        // SAFETY: see the top of this file.
        unsafe { V(_mm512_mask_blend_epi64(mask, self.0, other.0)) }
    }

    /// Return the lanes that are negative as signed words.
    #[inline(always)]
    pub fn is_negative(self) -> u8 {
        // SAFETY: see the top of this file.
        unsafe { _mm512_movepi64_mask(self.0) }
    }

    /// Return the lanes that are equal.
    #[inline(always)]
    pub fn equals(self, other: V) -> u8 {
        // SAFETY: see the top of this file.
        unsafe { _mm512_cmpeq_epi64_mask(self.0, other.0) }
    }
}

/// Ask for the cache lines of `place` in the second level, where a later load will want them.
#[inline(always)]
pub fn prefetch<T>(place: &T) {
    let start: *const i8 = (place as *const T).cast();
    for line in 0..size_of::<T>().div_ceil(64) {
        // SAFETY: a hint, at an address within what the reference covers; every x86-64 has the instruction.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.add(64 * line)) }
    }
}
