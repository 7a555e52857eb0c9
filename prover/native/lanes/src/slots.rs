//! Additions of points in affine coordinates, eight at a time, that share one inversion.
//!
//! An affine addition costs an inversion and three multiplications; a batch of n costs one inversion and 6 n
//! multiplications (Montgomery's trick). Every case is exact: a lane where a point is missing (infinity) takes the other,
//! equal points are doubled, opposite ones leave nothing.

use crate::coordinate::Coordinate;
use crate::watch::{Meter, Part};
use crate::Ifma;

/// Multiplications of one chain depend on each other: this many chains keep the units busy.
const CHAINS: usize = 4;

/// Points by eights. A lane counts where its bit in `present` is set; elsewhere it holds anything below the bounds.
pub struct Slots<F> {
    pub x: Vec<F>,
    pub y: Vec<F>,
    pub present: Vec<u8>,
}

impl<F: Coordinate> Slots<F> {
    pub fn new() -> Self {
        Slots { x: Vec::new(), y: Vec::new(), present: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.x.clear();
        self.y.clear();
        self.present.clear();
    }

    /// Make it n slots of infinity.
    pub fn reset(&mut self, token: Ifma, n: usize) {
        self.clear();
        self.x.resize(n, F::one(token));
        self.y.resize(n, F::one(token));
        self.present.resize(n, 0);
    }

    /// Make it n slots at least; what they hold is left as it is.
    pub fn grow(&mut self, token: Ifma, n: usize) {
        if n > self.x.len() {
            self.reset(token, n);
        }
    }

    #[inline(always)]
    pub fn set(&mut self, at: usize, (x, y, present): (F, F, u8)) {
        (self.x[at], self.y[at], self.present[at]) = (x, y, present);
    }
}

/// What the way up leaves for the way down, one pair of slots.
struct Step<F> {
    denominator: F,
    prefix: F,
    /// Lanes that are added or doubled; that are doubled; that take the second point as it is; that end with a point.
    both: u8,
    doubled: u8,
    taken: u8,
    present: u8,
}

/// Adds batches; its buffer is reused.
pub struct Adder<F> {
    steps: Vec<Step<F>>,
}

impl<F: Coordinate> Adder<F> {
    pub fn new() -> Self {
        Adder { steps: Vec::new() }
    }

    /// Add slot b onto slot a for each pair (a, b).
    ///
    /// Assumes that no slot is written twice, and that one that is both read and written is written by an earlier pair
    /// of the list than reads it: the writing goes from the last pair to the first.
    ///
    /// `meanwhile` is called twice a pair: memory has little else to do.
    #[inline(always)]
    pub fn add(
        &mut self,
        token: Ifma,
        slots: &mut Slots<F>,
        pairs: &[(u32, u32)],
        meter: &mut Meter,
        mut meanwhile: impl FnMut(),
    ) {
        if pairs.is_empty() {
            return;
        }
        let products = self.multiply_up(token, slots, pairs, &mut meanwhile);
        meter.lap(Part::Add, 8 * pairs.len());
        let mut inverses = invert_all(&products);
        meter.lap(Part::Invert, 1);
        for (i, (a, b)) in pairs.iter().enumerate().rev() {
            meanwhile();
            let (a, b) = (*a as usize, *b as usize);
            let step = &self.steps[i];
            let running = &mut inverses[i % CHAINS];
            let inverse = running.multiply(&step.prefix);
            *running = running.multiply(&step.denominator);
            let (x1, y1, x2, y2) = (&slots.x[a], &slots.y[a], &slots.x[b], &slots.y[b]);
            let mut numerator = y2.difference(y1);
            if step.doubled != 0 {
                numerator = numerator.select(step.doubled, &x1.tangent());
            }
            let slope = numerator.multiply(&inverse);
            let x3 = F::next_x(&slope, x1, x2);
            let y3 = F::next_y(&slope, x1, &x3, y1);
            let x = x1.select(step.taken, x2).select(step.both, &x3);
            let y = y1.select(step.taken, y2).select(step.both, &y3);
            slots.set(a, (x, y, step.present));
        }
        meter.lap(Part::Add, 0);
    }

    /// Note each pair's denominator and the product of those before it in its chain; return the chains' products.
    #[inline(always)]
    fn multiply_up(
        &mut self,
        token: Ifma,
        slots: &Slots<F>,
        pairs: &[(u32, u32)],
        meanwhile: &mut impl FnMut(),
    ) -> [F; CHAINS] {
        let one = F::one(token);
        let mut products = [one; CHAINS];
        self.steps.clear();
        for (i, (a, b)) in pairs.iter().enumerate() {
            meanwhile();
            let (a, b) = (*a as usize, *b as usize);
            let (first, second) = (slots.present[a], slots.present[b]);
            let (mut both, mut doubled, mut present) = (first & second, 0, first | second);
            let mut denominator = slots.x[b].difference(&slots.x[a]);
            if denominator.may_be_zero() & both != 0 {
                let same = denominator.is_zero() & both;
                doubled = same & slots.y[b].difference(&slots.y[a]).is_zero();
                both &= !(same & !doubled);
                present &= !(same & !doubled);
                denominator = denominator.select(doubled, &slots.y[a].twice());
            }
            let denominator = one.select(both, &denominator);
            let product = &mut products[i % CHAINS];
            self.steps.push(Step {
                denominator,
                prefix: *product,
                both,
                doubled,
                taken: second & !first,
                present,
            });
            *product = product.multiply(&denominator);
        }
        products
    }
}

/// Return 1 / (4 p) of each of the products, by one inversion.
#[inline(always)]
fn invert_all<F: Coordinate>(products: &[F; CHAINS]) -> [F; CHAINS] {
    let [p0, p1, p2, p3] = products;
    let (p01, p23) = (p0.multiply(p1), p2.multiply(p3));
    let all = p01.multiply(&p23).invert();
    let (i01, i23) = (all.multiply(&p23), all.multiply(&p01));
    [i01.multiply(p1), i01.multiply(p0), i23.multiply(p3), i23.multiply(p2)]
}
