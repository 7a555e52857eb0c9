"""A random state machine drives model, circuit and direct settlement together, by operations of all kinds.

After every batch: the independent audit, the solvency identity, direct settlement, and every constraint of the circuit,
without proving. Where hypothesis finds a sequence that breaks one of them, it shortens it.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from prover.circuit import load_batch
from prover.kernel import ProvingKey, encode_be, prove, setup, verify
from rollup.audit import check_batch
from rollup.identity import check_solvency
from rollup.orders import SignedOrder
from rollup.public_inputs import compute_public_inputs
from rollup.quotes import SignedQuote
from rollup.txs import SignedCashOp
from tests.random_day import SHAPE, RandomDay
from tests.rollup.test_conservation import check_same_as_direct

SIGNERS = [(0, 1, 2), (0, 1, 2), (0, 1), (1, 2), (2,), ()]


class ExchangeMachine(RuleBasedStateMachine):
    """Users send, the oracle moves, time passes; now and then a batch is built and checked every way there is."""

    @initialize(seed=st.integers(0, 2**32 - 1))
    def open(self, seed: int) -> None:
        """Open the exchange with six funded traders; the seed draws sizes, limits and who is who."""
        self.day = RandomDay(seed)
        self.cash: list[SignedCashOp] = []
        self.orders: list[SignedOrder | SignedQuote] = []

    @rule(count=st.integers(1, 6))
    def send_cash_operations(self, count: int) -> None:
        """Deposits, withdrawals, transfers, key changes, cancels, closes, forced requests, tiers, evictions."""
        self.cash += [self.day.teller.make() for _ in range(count)]

    @rule(count=st.integers(1, 9))
    def send_orders(self, count: int) -> None:
        """Orders of every type."""
        self.orders += [self.day.make_order() for _ in range(count)]

    @rule()
    def send_quote(self) -> None:
        """Several orders under one signature."""
        self.orders.append(self.day.make_quote())

    @rule()
    def send_forced_trade(self) -> None:
        """An entry of the queue that names two accounts."""
        self.cash.append(self.day.make_forced_trade())

    @rule()
    def move_marks(self) -> None:
        """The oracle's prices move."""
        self.day.move_marks()

    @precondition(lambda self: self.cash or self.orders)
    @rule(elapsed_s=st.sampled_from([1, 1, 7, 3_600, 100_000]), signers=st.sampled_from(SIGNERS))
    def run_batch(self, elapsed_s: int, signers: tuple[int, ...]) -> None:
        """Build the batch of all that was sent, and check it."""
        result = self.day.run(self.cash, self.orders, elapsed_s, signers)
        self.cash, self.orders = [], []
        check_batch(result.trace)
        check_solvency(result.state)
        check_same_as_direct(result.state, self.day.ledger)
        kernel = load_batch(SHAPE)
        assert kernel.name_unsatisfied(kernel.compute_witness(result.trace)) == []


ExchangeMachine.TestCase.settings = settings(
    max_examples=16, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestExchangeMachine = ExchangeMachine.TestCase


def test_batches_of_a_random_day_are_proved(tmp_path: Path) -> None:
    kernel, day = load_batch(SHAPE), RandomDay(5)
    verifying_key = setup(kernel.circuit, tmp_path / "random.key", seed=bytes(31) + b"\1")
    key = ProvingKey.load(tmp_path / "random.key")
    for number in range(9):
        trace = day.run_batch().trace
        if number % 3 == 2:
            proof = prove(key, kernel.circuit, kernel.compute_witness(trace), seed=bytes(31) + b"\2")
            assert verify(verifying_key, proof, encode_be(compute_public_inputs(trace)))
