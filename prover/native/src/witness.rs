//! The witness virtual machine: runs each instance's program, all instances in parallel.

use std::cmp::Ordering;
use std::collections::HashMap;

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field, One, PrimeField, Zero};
use rayon::prelude::*;

use crate::circuit::{Circuit, Instance};
use crate::error::{KernelError, Result};
use crate::field_io::read_scalars;
use crate::progress::Progress;
use crate::template::{Op, OpCode, Template};
use crate::value_error;

/// Values that replace what an op computes: (instance, local wire, value). Later wires follow the lie.
pub type Overrides = HashMap<usize, Vec<(usize, Fr)>>;

/// Return every global wire's value. `bus_be` holds all bus wires, the constant one first.
pub fn compute_witness(
    circuit: &Circuit,
    bus_be: &[u8],
    private_be: &[&[u8]],
    overrides: &Overrides,
    progress: &Progress,
) -> Result<Vec<Fr>> {
    let mut wires = read_scalars(bus_be, "bus")?;
    if wires.len() != circuit.n_bus || !wires[0].is_one() {
        let (got, expected) = (wires.len(), circuit.n_bus);
        return Err(value_error!("bus: {got} values, expected {expected}, the first of them one"));
    }
    if private_be.len() != circuit.instances.len() {
        let (got, expected) = (private_be.len(), circuit.instances.len());
        return Err(value_error!("private: inputs for {got} instances, expected {expected}"));
    }
    check_overrides(circuit, overrides)?;
    wires.resize(circuit.n_wires, Fr::zero());
    let (bus, own) = wires.split_at_mut(circuit.n_bus);
    let bus = &*bus;
    let mut pieces: Vec<_> = circuit.split_own(own).into_iter().enumerate().collect();
    progress.watch("witness", circuit.instances.len(), |counter| {
        let no_lies = Vec::new();
        pieces.par_iter_mut().with_max_len(1).try_for_each_init(Machine::default, |machine, (i, piece)| {
            let instance = &circuit.instances[*i];
            let template = circuit.template(instance);
            let private = read_private(*i, private_be[*i], template)?;
            if !counter.is_stopped() {
                machine.run(template, instance, bus, &private, overrides.get(i).unwrap_or(&no_lies));
                piece.copy_from_slice(&machine.wires[template.first_private()..]);
            }
            counter.add(1);
            Ok::<(), KernelError>(())
        })
    })??;
    Ok(wires)
}

fn read_private(instance: usize, bytes: &[u8], template: &Template) -> Result<Vec<Fr>> {
    let values = read_scalars(bytes, &format!("private[{instance}]"))?;
    if values.len() != template.n_private {
        let (got, expected) = (values.len(), template.n_private);
        return Err(value_error!("private[{instance}]: {got} values, expected {expected}"));
    }
    Ok(values)
}

fn check_overrides(circuit: &Circuit, overrides: &Overrides) -> Result<()> {
    for (index, lies) in overrides {
        let instance = circuit.instances.get(*index).ok_or_else(|| {
            value_error!("override: instance {index}, expected below {}", circuit.instances.len())
        })?;
        let template = circuit.template(instance);
        let computed = template.first_computed()..template.n_wires;
        if let Some((wire, _)) = lies.iter().find(|(wire, _)| !computed.contains(wire)) {
            return Err(value_error!(
                "override: local wire {wire} of instance {index}, expected one of {computed:?}"
            ));
        }
    }
    Ok(())
}

/// One instance's state; its buffers are reused by the next instance on the same thread.
#[derive(Default)]
struct Machine {
    wires: Vec<Fr>,
    /// Pool entries evaluated so far; their wires cannot change, each wire being written once.
    lcs: Vec<Option<Fr>>,
}

impl Machine {
    fn run(
        &mut self,
        template: &Template,
        instance: &Instance,
        bus: &[Fr],
        private: &[Fr],
        lies: &[(usize, Fr)],
    ) {
        self.lcs.clear();
        self.lcs.resize(template.n_lcs(), None);
        self.wires.clear();
        self.wires.push(Fr::one());
        self.wires.extend(instance.ports.iter().map(|wire| bus[*wire as usize]));
        self.wires.extend_from_slice(private);
        for op in &template.ops {
            self.step(template, op);
            if !lies.is_empty() {
                let written = op.out as usize..self.wires.len();
                for (wire, value) in lies.iter().filter(|(wire, _)| written.contains(wire)) {
                    self.wires[*wire] = *value;
                }
            }
        }
    }

    fn value(&mut self, template: &Template, reference: u32) -> Fr {
        let reference = reference as usize;
        if reference < template.n_wires {
            return self.wires[reference];
        }
        let lc = reference - template.n_wires;
        *self.lcs[lc].get_or_insert_with(|| template.evaluate_lc(lc, &self.wires))
    }

    /// Run one op: it appends its outputs, since wires are written in order.
    fn step(&mut self, template: &Template, op: &Op) {
        let a = self.value(template, op.a);
        let out = match op.code {
            OpCode::Mul => a * self.value(template, op.b),
            OpCode::Inv => a.inverse().unwrap_or_default(),
            OpCode::Div => self.value(template, op.b).inverse().map_or_else(Fr::zero, |inverse| a * inverse),
            OpCode::Lin => a,
            OpCode::IsZero => Fr::from(a.is_zero()),
            OpCode::IsNeg => Fr::from(a.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO),
            OpCode::Bits => {
                let bits = a.into_bigint();
                let range = op.imm as usize..(op.imm + op.n_out) as usize;
                return self
                    .wires
                    .extend(range.map(|i| if bits.get_bit(i) { Fr::one() } else { Fr::zero() }));
            }
            OpCode::Signs => {
                let bits = a.into_bigint();
                let plus = self.value(template, op.b);
                let range = op.imm as usize..(op.imm + op.n_out) as usize;
                return self.wires.extend(range.map(|i| if bits.get_bit(i) { plus } else { -plus }));
            }
            OpCode::DivMod => {
                let divisor = self.value(template, op.b).into_bigint();
                let (quotient, remainder) = compute_divmod(a.into_bigint(), divisor);
                let as_field = |value| Fr::from_bigint(value).expect("at most the dividend, so below r");
                self.wires.push(as_field(quotient));
                as_field(remainder)
            }
        };
        self.wires.push(out);
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

/// Return up to `limit` unsatisfied rows as (instance, row), in order.
pub fn find_unsatisfied(circuit: &Circuit, wires: &[Fr], limit: usize) -> Vec<(usize, usize)> {
    let bad_of = |(i, instance): (usize, &Instance)| {
        let template = circuit.template(instance);
        let mut rows = RowValues::new(circuit, instance, wires);
        let bad = (0..template.rows.len()).filter(|row| !rows.is_satisfied(template.rows[*row]));
        bad.take(limit).map(|row| (i, row)).collect::<Vec<_>>()
    };
    let per_instance: Vec<_> = circuit.instances.par_iter().enumerate().map(bad_of).collect();
    per_instance.into_iter().flatten().take(limit).collect()
}

/// Evaluates an instance's rows at given wires; a pool entry used by several rows is evaluated once.
pub struct RowValues<'a> {
    template: &'a Template,
    wires: Vec<Fr>,
    lcs: Vec<Option<Fr>>,
}

impl<'a> RowValues<'a> {
    pub fn new(circuit: &'a Circuit, instance: &Instance, global: &[Fr]) -> Self {
        let template = circuit.template(instance);
        let mut wires = Vec::with_capacity(template.n_wires);
        circuit.copy_local(instance, global, &mut wires);
        RowValues { template, wires, lcs: vec![None; template.n_lcs()] }
    }

    pub fn value(&mut self, reference: u32) -> Fr {
        let reference = reference as usize;
        if reference < self.template.n_wires {
            return self.wires[reference];
        }
        let lc = reference - self.template.n_wires;
        *self.lcs[lc].get_or_insert_with(|| self.template.evaluate_lc(lc, &self.wires))
    }

    fn is_satisfied(&mut self, [a, b, c]: [u32; 3]) -> bool {
        self.value(a) * self.value(b) == self.value(c)
    }
}
