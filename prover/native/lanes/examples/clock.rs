//! The processor's clock as it is now, in GHz: a chain of products of words, each of which waits for the one before. A
//! product takes three cycles on every processor that has the lanes' instructions.

use std::hint::black_box;
use std::time::Instant;

const PRODUCTS: u64 = 100_000_000;
const CYCLES_OF_ONE: u64 = 3;

fn main() {
    let time = || {
        let (start, mut x) = (Instant::now(), black_box(0x9e37_79b9_7f4a_7c15_u64));
        for _ in 0..PRODUCTS {
            x = x.wrapping_mul(x);
        }
        black_box(x);
        start.elapsed().as_secs_f64()
    };
    let fastest = (0..5).map(|_| time()).fold(f64::MAX, f64::min); // another process may have had the processor
    println!("{:.3}", (CYCLES_OF_ONE * PRODUCTS) as f64 / fastest / 1e9);
}
