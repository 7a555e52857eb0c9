//! A chain of squarings as a circuit of arkworks: y = x^(2^rows), y public.

use std::fs::read_to_string;
use std::path::Path;
use std::str::FromStr;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
};
use serde_json::Value;

use crate::Outcome;

#[derive(Clone)]
pub struct Chain {
    n_rows: usize,
    start: Fr,
}

impl Chain {
    /// Read what case.json says of the chain.
    pub fn read(case: &Path) -> Outcome<Self> {
        let found: Value = serde_json::from_str(&read_to_string(case.join("case.json"))?)?;
        let chain = &found["chain"];
        let n_rows = chain["rows"].as_u64().ok_or("case.json: no chain")? as usize;
        let start = chain["start"].as_str().ok_or("case.json: no start")?;
        let start = Fr::from_str(start).map_err(|()| "case.json: start is no field element")?;
        Ok(Chain { n_rows, start })
    }

    pub fn end(&self) -> Fr {
        let mut value = self.start;
        for _ in 0..self.n_rows {
            value.square_in_place();
        }
        value
    }
}

impl ConstraintSynthesizer<Fr> for Chain {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let end = cs.new_input_variable(|| Ok(self.end()))?;
        let (mut value, mut wire) = (self.start, cs.new_witness_variable(|| Ok(self.start))?);
        for row in 1..=self.n_rows {
            value.square_in_place();
            let next = if row == self.n_rows { end } else { cs.new_witness_variable(|| Ok(value))? };
            let lone = |wire: Variable| LinearCombination(vec![(Fr::ONE, wire)]);
            cs.enforce_r1cs_constraint(|| lone(wire), || lone(wire), || lone(next))?;
            wire = next;
        }
        debug_assert!(self.n_rows > 0 && value != Fr::ZERO);
        Ok(())
    }
}
