//! A circuit: instances of templates, joined by a bus of wires. The matrices are never written out.

use ark_bn254::Fr;

use crate::error::Result;
use crate::template::Template;
use crate::value_error;

/// Groth16's domain is doubled by the prover's odd coset, and r - 1 has 28 factors of two.
const MAX_DOMAIN_LOG2: u32 = 27;

/// One use of a template.
pub struct Instance {
    pub template: usize,
    /// Bus wire of each port.
    pub ports: Vec<u32>,
    /// Global index of the first private wire.
    pub wire_base: usize,
    /// Global index of the first row.
    pub row_base: usize,
}

/// Global wires: the bus (0 is one, then public inputs, then chained values), then each instance's own wires.
pub struct Circuit {
    pub templates: Vec<Template>,
    pub instances: Vec<Instance>,
    pub n_bus: usize,
    pub n_public: usize,
    pub n_wires: usize,
    pub n_rows: usize,
    pub domain_log2: u32,
    pub digest: blake3::Hash,
}

impl Circuit {
    /// Join templates. `n_bus` counts wire 0, the constant one.
    pub fn new(
        template_bytes: &[Vec<u8>],
        instance_templates: &[usize],
        port_maps: Vec<Vec<u32>>,
        n_bus: usize,
        n_public: usize,
    ) -> Result<Self> {
        if n_public >= n_bus {
            return Err(value_error!(
                "circuit: {n_bus} bus wires cannot hold one and {n_public} public inputs"
            ));
        }
        if port_maps.len() != instance_templates.len() {
            let (maps, instances) = (port_maps.len(), instance_templates.len());
            return Err(value_error!("circuit: {maps} port maps, expected {instances}, one an instance"));
        }
        let templates: Vec<Template> =
            template_bytes.iter().map(|bytes| Template::parse(bytes)).collect::<Result<_>>()?;
        let (mut n_wires, mut n_rows) = (n_bus, 0);
        let mut instances = Vec::with_capacity(port_maps.len());
        for (i, (&index, ports)) in instance_templates.iter().zip(port_maps).enumerate() {
            let template = templates.get(index).ok_or_else(|| {
                value_error!(
                    "circuit: instance {i} uses template {index}, expected below {}",
                    templates.len()
                )
            })?;
            check_ports(i, &ports, template.n_ports, n_bus)?;
            instances.push(Instance { template: index, ports, wire_base: n_wires, row_base: n_rows });
            n_wires += template.n_own();
            n_rows += template.rows.len();
        }
        let domain_log2 = (n_rows + n_public + 1).next_power_of_two().trailing_zeros();
        if domain_log2 > MAX_DOMAIN_LOG2 || n_wires > u32::MAX as usize {
            return Err(value_error!(
                "circuit: {n_rows} rows and {n_wires} wires, expected at most 2^{MAX_DOMAIN_LOG2} rows"
            ));
        }
        let digest = compute_digest(&templates, &instances, n_bus, n_public);
        Ok(Circuit { templates, instances, n_bus, n_public, n_wires, n_rows, domain_log2, digest })
    }

    pub fn template(&self, instance: &Instance) -> &Template {
        &self.templates[instance.template]
    }

    /// Return how many multiplications it takes to evaluate all rows and hold them to be satisfied.
    pub fn n_row_products(&self) -> usize {
        let products: Vec<usize> = self.templates.iter().map(Template::n_row_products).collect();
        self.instances.iter().map(|instance| products[instance.template]).sum()
    }

    /// Return the global wire of an instance's local wire.
    pub fn global_wire(&self, instance: &Instance, local: usize) -> usize {
        let first_private = self.template(instance).first_private();
        match local {
            0 => 0,
            port if port < first_private => instance.ports[port - 1] as usize,
            own => instance.wire_base + own - first_private,
        }
    }

    /// Copy an instance's local wires, in local order, out of the global ones.
    pub fn copy_local(&self, instance: &Instance, global: &[Fr], local: &mut Vec<Fr>) {
        local.clear();
        local.push(global[0]);
        local.extend(instance.ports.iter().map(|wire| global[*wire as usize]));
        local.extend_from_slice(
            &global[instance.wire_base..instance.wire_base + self.template(instance).n_own()],
        );
    }

    /// Cut a vector over all rows into one mutable piece an instance, in instance order.
    pub fn split_rows<'a, T>(&self, rows: &'a mut [T]) -> Vec<&'a mut [T]> {
        self.split(rows, |template| template.rows.len())
    }

    /// Cut the wires after the bus into one mutable piece an instance, in instance order.
    pub fn split_own<'a, T>(&self, own: &'a mut [T]) -> Vec<&'a mut [T]> {
        self.split(own, Template::n_own)
    }

    fn split<'a, T>(&self, mut rest: &'a mut [T], size: impl Fn(&Template) -> usize) -> Vec<&'a mut [T]> {
        let mut pieces = Vec::with_capacity(self.instances.len());
        for instance in &self.instances {
            let (piece, tail) = rest.split_at_mut(size(self.template(instance)));
            pieces.push(piece);
            rest = tail;
        }
        pieces
    }
}

fn check_ports(instance: usize, ports: &[u32], n_ports: usize, n_bus: usize) -> Result<()> {
    if ports.len() != n_ports {
        return Err(value_error!(
            "circuit: instance {instance} maps {} ports, expected {n_ports}",
            ports.len()
        ));
    }
    match ports.iter().position(|wire| *wire as usize >= n_bus) {
        Some(port) => Err(value_error!(
            "circuit: instance {instance} maps port {port} to bus wire {}, expected below {n_bus}",
            ports[port]
        )),
        None => Ok(()),
    }
}

/// What a key belongs to: a key made for one digest proves no other circuit.
fn compute_digest(
    templates: &[Template],
    instances: &[Instance],
    n_bus: usize,
    n_public: usize,
) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("zkmargin circuit v1");
    let mut put = |values: &[u32]| {
        values.iter().for_each(|v| {
            hasher.update(&v.to_le_bytes());
        })
    };
    put(&[n_bus as u32, n_public as u32, templates.len() as u32, instances.len() as u32]);
    for instance in instances {
        put(&[instance.template as u32, instance.ports.len() as u32]);
        put(&instance.ports);
    }
    templates.iter().for_each(|template| {
        hasher.update(template.digest.as_bytes());
    });
    hasher.finalize()
}
