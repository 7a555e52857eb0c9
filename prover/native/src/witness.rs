//! A circuit's witness: each instance's program, all instances in parallel.

use std::collections::HashMap;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;

use crate::circuit::Circuit;
use crate::error::{KernelError, Result};
use crate::field_io::read_scalars;
use crate::inversion::Inverter;
use crate::machine::{self, Machine};
use crate::progress::Progress;
use crate::sums::Kernel;
use crate::template::Template;
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
    let kernel = Kernel::choose()?;
    wires.resize(circuit.n_wires, Fr::zero());
    let (bus, own) = wires.split_at_mut(circuit.n_bus);
    let bus = &*bus;
    let groups = group_instances(circuit, own);
    progress.watch("witness", circuit.instances.len(), |counter| {
        let buffers = || (Vec::new(), Inverter::default());
        groups.into_par_iter().with_max_len(1).try_for_each_init(buffers, |(machines, inverter), group| {
            let n = group.len();
            if !counter.is_stopped() {
                machines.resize_with(n.max(machines.len()), Machine::default);
                let template = circuit.template(&circuit.instances[group[0].0]);
                for (machine, (i, _)) in machines.iter_mut().zip(&group) {
                    let private = read_private(*i, private_be[*i], template)?;
                    let lies = overrides.get(i).map_or(&[][..], Vec::as_slice);
                    machine.start(template, &circuit.instances[*i], bus, &private, lies);
                }
                machine::run(kernel, template, &mut machines[..n], inverter);
                for (machine, (_, own)) in machines.iter().zip(group) {
                    own.copy_from_slice(&machine.wires()[template.first_private()..]);
                }
            }
            counter.add(n);
            Ok::<(), KernelError>(())
        })
    })??;
    Ok(wires)
}

/// An instance, and where its own wires go.
type Place<'a> = (usize, &'a mut [Fr]);

/// Return the instances in groups of the same template that run side by side.
fn group_instances<'a>(circuit: &Circuit, own: &'a mut [Fr]) -> Vec<Vec<Place<'a>>> {
    let mut by_template: Vec<Vec<Place>> = circuit.templates.iter().map(|_| Vec::new()).collect();
    for (i, piece) in circuit.split_own(own).into_iter().enumerate() {
        by_template[circuit.instances[i].template].push((i, piece));
    }
    let mut groups = Vec::new();
    for (template, mut places) in circuit.templates.iter().zip(by_template) {
        let n_groups = places.len().div_ceil(template.schedule.n_side_by_side());
        for left in (1..=n_groups).rev() {
            let rest = places.split_off(places.len().div_ceil(left));
            groups.push(std::mem::replace(&mut places, rest));
        }
    }
    groups
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
