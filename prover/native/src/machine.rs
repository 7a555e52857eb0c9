//! The witness virtual machine: runs a template's program for a few instances side by side.

use std::cmp::Ordering;

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, One, PrimeField, Zero};

use crate::circuit::Instance;
use crate::inversion::Inverter;
use crate::schedule::Level;
use crate::sums::Kernel;
use crate::template::{Op, OpCode, Template};

/// One instance's state; its buffers are reused by the next instance on the same thread.
#[derive(Default)]
pub struct Machine {
    wires: Vec<Fr>,
    /// Pool entries evaluated so far; their wires cannot change, each wire being written once.
    lcs: Vec<Option<Fr>>,
    /// Values that replace what an op computes, as (local wire, value).
    lies: Vec<(usize, Fr)>,
}

/// Run the program on machines that were started with the same template.
pub fn run(kernel: Kernel, template: &Template, machines: &mut [Machine], inverter: &mut Inverter) {
    for level in template.schedule.levels() {
        for machine in machines.iter_mut() {
            for op in template.schedule.plain(level, &template.ops) {
                machine.step(kernel, template, op);
            }
        }
        invert(kernel, template, level, machines, inverter);
    }
}

/// Run a level's inversions on all machines.
fn invert(
    kernel: Kernel,
    template: &Template,
    level: &Level,
    machines: &mut [Machine],
    inverter: &mut Inverter,
) {
    let ops = || template.schedule.inversions(level, &template.ops);
    inverter.clear();
    for machine in machines.iter_mut() {
        ops().for_each(|op| inverter.push(machine.divisor(kernel, template, op)));
    }
    let mut inverses = inverter.invert().iter();
    for machine in machines.iter_mut() {
        for op in ops() {
            let inverse = *inverses.next().expect("one for each that was pushed");
            let out = if op.code == OpCode::Div {
                machine.value(kernel, template, op.a) * inverse
            } else {
                inverse
            };
            machine.write(op.out as usize, [out]);
        }
    }
}

impl Machine {
    /// Make ready for an instance.
    pub fn start(
        &mut self,
        template: &Template,
        instance: &Instance,
        bus: &[Fr],
        private: &[Fr],
        lies: &[(usize, Fr)],
    ) {
        self.lcs.clear();
        self.lcs.resize(template.n_lcs(), None);
        self.lies.clear();
        self.lies.extend_from_slice(lies);
        self.wires.clear();
        self.wires.push(Fr::one());
        self.wires.extend(instance.ports.iter().map(|wire| bus[*wire as usize]));
        self.wires.extend_from_slice(private);
        self.wires.resize(template.n_wires, Fr::zero());
    }

    /// Return the local wires.
    pub fn wires(&self) -> &[Fr] {
        &self.wires
    }

    fn value(&mut self, kernel: Kernel, template: &Template, reference: u32) -> Fr {
        let reference = reference as usize;
        if reference < template.n_wires {
            return self.wires[reference];
        }
        let lc = reference - template.n_wires;
        *self.lcs[lc].get_or_insert_with(|| template.combinations.evaluate(kernel, lc, &self.wires))
    }

    /// Return what an inversion inverts.
    fn divisor(&mut self, kernel: Kernel, template: &Template, op: &Op) -> Fr {
        self.value(kernel, template, if op.code == OpCode::Div { op.b } else { op.a })
    }

    /// Write an op's outputs from wire `first` on, or the lies about them.
    fn write(&mut self, first: usize, values: impl IntoIterator<Item = Fr>) {
        let mut next = first;
        for value in values {
            self.wires[next] = value;
            next += 1;
        }
        for (wire, value) in &self.lies {
            if (first..next).contains(wire) {
                self.wires[*wire] = *value;
            }
        }
    }

    /// Run one op that is no inversion.
    fn step(&mut self, kernel: Kernel, template: &Template, op: &Op) {
        let a = self.value(kernel, template, op.a);
        let first = op.out as usize;
        let bits_of = |value: Fr| (value.into_bigint(), op.imm as usize..(op.imm + op.n_out) as usize);
        match op.code {
            OpCode::Mul => {
                let b = self.value(kernel, template, op.b);
                self.write(first, [a * b])
            }
            OpCode::Lin => self.write(first, [a]),
            OpCode::IsZero => self.write(first, [Fr::from(a.is_zero())]),
            OpCode::IsNeg => self.write(first, [Fr::from(a.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO)]),
            OpCode::Bits => {
                let (bits, range) = bits_of(a);
                self.write(first, range.map(|i| if bits.get_bit(i) { Fr::one() } else { Fr::zero() }))
            }
            OpCode::Signs => {
                let (bits, range) = bits_of(a);
                let plus = self.value(kernel, template, op.b);
                self.write(first, range.map(|i| if bits.get_bit(i) { plus } else { -plus }))
            }
            OpCode::DivMod => {
                let divisor = self.value(kernel, template, op.b).into_bigint();
                let (quotient, remainder) = compute_divmod(a.into_bigint(), divisor);
                let as_field = |value| Fr::from_bigint(value).expect("at most the dividend, so below r");
                self.write(first, [quotient, remainder].map(as_field))
            }
            OpCode::Inv | OpCode::Div => unreachable!("the schedule keeps inversions apart"),
        }
    }
}

/// Return (a // b, a % b) as integers, both 0 where b = 0.
fn compute_divmod(a: BigInt<4>, b: BigInt<4>) -> (BigInt<4>, BigInt<4>) {
    let zero = BigInt::zero();
    if b.is_zero() {
        return (zero, zero);
    }
    let wide = |x: &BigInt<4>| u128::from(x.0[1]) << 64 | u128::from(x.0[0]);
    let narrow = |x: u128| BigInt([x as u64, (x >> 64) as u64, 0, 0]);
    if a.num_bits() <= 128 && b.num_bits() <= 128 {
        let (a, b) = (wide(&a), wide(&b));
        return (narrow(a / b), narrow(a % b));
    }
    // Schoolbook, bit by bit; the remainder stays below 2 * b < 2^255.
    let (mut quotient, mut remainder) = (zero, zero);
    for i in (0..a.num_bits() as usize).rev() {
        remainder.mul2();
        quotient.mul2();
        remainder.0[0] |= u64::from(a.get_bit(i));
        if remainder.cmp(&b) != Ordering::Less {
            remainder.sub_with_borrow(&b);
            quotient.0[0] |= 1;
        }
    }
    (quotient, remainder)
}
