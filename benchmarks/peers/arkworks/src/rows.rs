//! The rows of a `.r1cs` as a circuit of arkworks, and as the matrices its prover takes.

use std::path::Path;

use ark_bn254::Fr;
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Matrix, SynthesisError, Variable,
};

use crate::{iden3, Outcome};

pub struct Rows {
    pub n_wires: usize,
    pub n_public: usize,
    /// A, B and C, terms as (coefficient, wire).
    pub matrices: [Matrix<Fr>; 3],
}

impl Rows {
    pub fn read(case: &Path) -> Outcome<Self> {
        iden3::read_rows(case)
    }

    fn combination(&self, matrix: usize, row: usize) -> LinearCombination<Fr> {
        let variable = |wire: usize| match wire {
            0 => Variable::one(),
            wire if wire <= self.n_public => Variable::instance(wire),
            wire => Variable::witness(wire - self.n_public - 1),
        };
        let terms = self.matrices[matrix][row].iter();
        LinearCombination(terms.map(|(value, wire)| (*value, variable(*wire))).collect())
    }
}

/// For the setup alone: wires have no values here.
impl ConstraintSynthesizer<Fr> for &Rows {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let missing = || Err(SynthesisError::AssignmentMissing);
        for wire in 1..self.n_wires {
            if wire <= self.n_public {
                let _ = cs.new_input_variable(missing)?;
            } else {
                let _ = cs.new_witness_variable(missing)?;
            }
        }
        for row in 0..self.matrices[0].len() {
            let combination = |matrix: usize| move || self.combination(matrix, row);
            cs.enforce_r1cs_constraint(combination(0), combination(1), combination(2))?;
        }
        Ok(())
    }
}
