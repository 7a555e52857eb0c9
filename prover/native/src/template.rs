//! A template: constraints and witness program of one circuit piece, parsed from bytes (docs/architecture.md).

use ark_bn254::Fr;

use crate::combinations::Combinations;
use crate::error::Result;
use crate::field_io::{field_from_be, FIELD_BYTES};
use crate::schedule::Schedule;
use crate::value_error;

const MAGIC: &[u8; 4] = b"ZKMT";
const VERSION: u32 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpCode {
    Mul,
    Inv,
    Div,
    Bits,
    DivMod,
    Lin,
    IsZero,
    IsNeg,
    Signs,
}

impl OpCode {
    fn from_u32(code: u32) -> Option<Self> {
        use OpCode::*;
        [Mul, Inv, Div, Bits, DivMod, Lin, IsZero, IsNeg, Signs].get(code as usize).copied()
    }
}

/// One step of the witness program; `a` and `b` are linear combination references.
#[derive(Clone, Copy)]
pub struct Op {
    pub code: OpCode,
    pub out: u32,
    pub n_out: u32,
    pub a: u32,
    pub b: u32,
    pub imm: u32,
}

/// A parsed template. Local wires: 0 is one, then ports, then private inputs, then computed wires.
pub struct Template {
    pub n_ports: usize,
    pub n_private: usize,
    pub n_wires: usize,
    pub rows: Vec<[u32; 3]>,
    pub ops: Vec<Op>,
    pub digest: blake3::Hash,
    pub combinations: Combinations,
    pub schedule: Schedule,
}

impl Template {
    /// Return the index of the first private wire; private and computed wires belong to the instance alone.
    pub fn first_private(&self) -> usize {
        1 + self.n_ports
    }

    pub fn first_computed(&self) -> usize {
        1 + self.n_ports + self.n_private
    }

    /// Return how many wires an instance owns: private and computed ones.
    pub fn n_own(&self) -> usize {
        self.n_wires - self.first_private()
    }

    pub fn n_lcs(&self) -> usize {
        self.combinations.len()
    }

    /// Return how many multiplications it takes to evaluate all rows and hold them to be satisfied.
    pub fn n_row_products(&self) -> usize {
        self.rows.len() + self.combinations.n_products()
    }

    /// Return the terms (wire, coefficient) of pool entry `lc`.
    pub fn terms(&self, lc: usize) -> impl Iterator<Item = (usize, &Fr)> {
        let coefficients = self.combinations.coefficients();
        self.combinations.terms(lc).map(|(wire, c)| (wire, &coefficients[c]))
    }

    /// Parse template bytes. Every index is checked; every computed wire must be written exactly once, in order.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(4, "magic")? != MAGIC {
            return Err(value_error!("template: magic {:?}, expected \"ZKMT\"", &bytes[..4]));
        }
        let version = reader.u32("version")?;
        if version != VERSION {
            return Err(value_error!("template: version {version}, expected {VERSION}"));
        }
        let header = reader.u32s(8, "header")?;
        let [n_ports, n_private, n_wires, n_coefficients, n_lcs, n_terms, n_rows, n_ops] =
            <[u32; 8]>::try_from(header).expect("eight were read").map(|n| n as usize);
        if 1 + n_ports + n_private > n_wires || n_wires + n_lcs > u32::MAX as usize {
            return Err(value_error!(
                "template: {n_wires} wires and {n_lcs} linear combinations, with {n_ports} ports and {n_private} private inputs"
            ));
        }
        let coefficients = reader.coefficients(n_coefficients)?;
        let lc_start = reader.u32s(n_lcs + 1, "lc_start")?;
        let term_wire = reader.u32s(n_terms, "term_wire")?;
        let term_coefficient = reader.u32s(n_terms, "term_coefficient")?;
        let rows = reader.u32s(n_rows * 3, "rows")?.chunks_exact(3).map(|r| [r[0], r[1], r[2]]).collect();
        let op_words = reader.u32s(n_ops * 6, "ops")?;
        if reader.at != bytes.len() {
            return Err(value_error!("template: {} bytes, expected {}", bytes.len(), reader.at));
        }
        check_terms(&lc_start, &term_wire, n_wires, &term_coefficient, n_coefficients)?;
        let digest = blake3::hash(bytes);
        let mut template = Template {
            n_ports,
            n_private,
            n_wires,
            rows,
            ops: Vec::with_capacity(n_ops),
            digest,
            combinations: Combinations::new(coefficients, lc_start, term_wire, term_coefficient),
            schedule: Schedule::default(),
        };
        template.check_rows()?;
        template.read_ops(&op_words)?;
        Ok(template)
    }

    fn check_rows(&self) -> Result<()> {
        let n_references = self.n_wires + self.n_lcs();
        self.rows
            .iter()
            .enumerate()
            .try_for_each(|(i, row)| check_below(&format!("rows[{i}]"), row, n_references))
    }

    fn read_ops(&mut self, words: &[u32]) -> Result<()> {
        let mut next = self.first_computed(); // the first wire not yet written
        let highest: Vec<usize> =
            (0..self.n_lcs()).map(|lc| self.terms(lc).map(|(wire, _)| wire).max().unwrap_or(0)).collect();
        for (i, word) in words.chunks_exact(6).enumerate() {
            let op = self.read_op(i, word)?;
            if op.out as usize != next || next + op.n_out as usize > self.n_wires {
                let (out, n_out, n_wires) = (op.out, op.n_out, self.n_wires);
                return Err(value_error!(
                    "template: ops[{i}] writes {n_out} wires from {out}, expected from {next} and within {n_wires}"
                ));
            }
            for reference in [op.a as usize, op.b as usize] {
                let wire =
                    if reference < self.n_wires { reference } else { highest[reference - self.n_wires] };
                if wire >= next {
                    return Err(value_error!(
                        "template: ops[{i}] reads wire {wire}, which is not written yet"
                    ));
                }
            }
            next += op.n_out as usize;
            self.ops.push(op);
        }
        if next != self.n_wires {
            return Err(value_error!(
                "template: the program writes wires up to {next}, expected {}",
                self.n_wires
            ));
        }
        self.schedule = Schedule::new(&self.ops, self.n_wires, |op, levels| {
            let level_of = |reference: u32| self.level_of(reference as usize, levels);
            level_of(op.a).max(level_of(op.b))
        });
        Ok(())
    }

    /// Return the highest level of the wires that a reference reads.
    fn level_of(&self, reference: usize, levels: &[u32]) -> u32 {
        match reference.checked_sub(self.n_wires) {
            None => levels[reference],
            Some(lc) => self.combinations.terms(lc).map(|(wire, _)| levels[wire]).max().unwrap_or(0),
        }
    }

    fn read_op(&self, i: usize, word: &[u32]) -> Result<Op> {
        let code = OpCode::from_u32(word[0])
            .ok_or_else(|| value_error!("template: ops[{i}] has opcode {}, expected 0 to 8", word[0]))?;
        let op = Op { code, out: word[1], n_out: word[2], a: word[3], b: word[4], imm: word[5] };
        check_below(&format!("ops[{i}]"), &word[3..5], self.n_wires + self.n_lcs())?;
        let n_out_fits = match code {
            OpCode::Bits | OpCode::Signs => op.n_out >= 1 && op.imm as u64 + op.n_out as u64 <= 256,
            OpCode::DivMod => op.n_out == 2,
            _ => op.n_out == 1,
        };
        if !n_out_fits {
            return Err(value_error!(
                "template: ops[{i}] {code:?} with n_out {} and imm {}",
                op.n_out,
                op.imm
            ));
        }
        Ok(op)
    }
}

fn check_terms(
    starts: &[u32],
    wires: &[u32],
    n_wires: usize,
    coefficients: &[u32],
    n_coefficients: usize,
) -> Result<()> {
    let n_terms = wires.len();
    if starts[0] != 0
        || starts[starts.len() - 1] as usize != n_terms
        || starts.windows(2).any(|w| w[0] > w[1])
    {
        return Err(value_error!("template: lc_start does not rise from 0 to the {n_terms} terms"));
    }
    check_below("term_wire", wires, n_wires)?;
    check_below("term_coefficient", coefficients, n_coefficients)
}

fn check_below(what: &str, values: &[u32], bound: usize) -> Result<()> {
    match values.iter().position(|v| *v as usize >= bound) {
        Some(i) => Err(value_error!("template: {what}[{i}] is {}, expected below {bound}", values[i])),
        None => Ok(()),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize, what: &str) -> Result<&'a [u8]> {
        let left = self.bytes.len() - self.at;
        if n > left {
            return Err(value_error!("template: ends inside {what}: {left} bytes left, expected {n}"));
        }
        self.at += n;
        Ok(&self.bytes[self.at - n..self.at])
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4, what)?.try_into().expect("four were taken")))
    }

    fn u32s(&mut self, n: usize, what: &str) -> Result<Vec<u32>> {
        let bytes = self.take(n * 4, what)?;
        Ok(bytes.chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().expect("chunks of four"))).collect())
    }

    fn coefficients(&mut self, n: usize) -> Result<Vec<Fr>> {
        let bytes = self.take(n * FIELD_BYTES, "coefficients")?;
        let read = |(i, chunk)| {
            field_from_be(chunk).ok_or_else(|| {
                value_error!("template: coefficients[{i}] is not below the scalar field order r")
            })
        };
        bytes.chunks_exact(FIELD_BYTES).enumerate().map(read).collect()
    }
}
