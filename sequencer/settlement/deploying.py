"""Deploys what a run is settled by: test dollars, the verifiers of batches and exits, and the Rollup itself.

The run's proofs name the contract's address, so its deployer sends nothing before: docs/contracts.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rollup.params import Params
from rollup.segment import count_elements
from rollup.shapes import Shape
from rollup.state import StateHeader
from sequencer.errors import DeploymentElsewhere
from sequencer.settlement.people import DEPLOYER, SEQUENCER, derive_base_key, find_deployment
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract, deploy_contract
from verifier.rollup_contract import Limits, ShapeSpec, Start, Terms, deploy_rollup
from verifier.verify import deploy_verifier

__all__ = [
    "DAY_S",
    "LIMITS",
    "Deployed",
    "Parts",
    "VerifyingKey",
    "deploy_parts",
    "deploy_run",
    "deploy_settlement",
    "get_roles",
]

DAY_S: Final = 86_400
# a development deployment: caps and lag are wide, so that a day of trades can be settled in one go
WINDOW_S: Final = 600
FORCED_DEADLINE_S: Final = 3 * DAY_S
EXIT_WINDOW_S: Final = 7 * DAY_S
LIMITS: Final = Limits(
    min_deposit_e6=1_000_000,
    deposit_fee_e6=100_000,
    max_deposits=100_000,
    max_forced=100_000,
    max_lag_s=7 * DAY_S,
    prove_window_s=3_600,
    forced_fee_wei=10**12,
)
_OPERATOR_WEI: Final = 10**18
_OWNER_WEI: Final = 2 * 10**17


@dataclass(frozen=True)
class VerifyingKey:
    """A circuit's key as the contract is given it."""

    key_be: bytes
    is_development: bool


@dataclass(frozen=True)
class Deployed:
    """The contracts of a run, and the addresses of its people, whose keys the layer holds."""

    layer: BaseLayer
    token: Contract
    rollup: Contract
    people: dict[str, bytes]  # by name

    @property
    def sequencer(self) -> bytes:
        """Who commits and settles."""
        return self.people[SEQUENCER]

    @property
    def governor(self) -> bytes:
        """Who gives fee tiers."""
        return self.people[DEPLOYER]


def deploy_run(
    layer: BaseLayer,
    seed: int,
    names: Sequence[str],
    params: Params,
    genesis: StateHeader,
    shape: Shape,
    keys: tuple[VerifyingKey, VerifyingKey],
) -> Deployed:
    """Return the contracts, newly deployed, of a run that begins at this state; its people have wei to spend.

    `keys` are those of batches and of exits. What goes to people comes from the layer's first sender.
    Raises DeploymentElsewhere where the run is bound to another chain or address, and as BaseLayer does.
    """
    if layer.chain_id != params.chain_id:
        raise DeploymentElsewhere("chain id", str(layer.chain_id), str(params.chain_id))
    expected = f"0x{params.contract:040x}"
    if (there := find_deployment(seed, layer.chain_id).contract) != params.contract:
        raise DeploymentElsewhere(f"contract of seed {seed}", f"0x{there:040x}", expected)
    people = _fund_people(layer, seed, names)
    parts = deploy_parts(layer, keys)
    start = Start(genesis.state_root, genesis.clock, params.params_hash, *get_roles(people))
    rollup = deploy_settlement(layer, parts, keys, start, shape)
    if (got := f"0x{rollup.address.hex()}") != expected:
        raise DeploymentElsewhere("contract", f"{got}, for its deployer sent transactions before", expected)
    token = Contract(layer, load_artifact("TestToken"), parts.token)
    return Deployed(layer, token, rollup, people)


@dataclass(frozen=True)
class Parts:
    """Addresses of what the Rollup is built on."""

    batch_verifier: bytes
    exit_verifier: bytes
    token: bytes


def deploy_parts(layer: BaseLayer, keys: Sequence[VerifyingKey]) -> Parts:
    """Deploy the verifiers of batches and of exits, and test dollars."""
    batches, exits = (deploy_verifier(layer, key.key_be).address for key in keys)
    return Parts(batches, exits, deploy_contract(layer, load_artifact("TestToken")).address)


def get_roles(people: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """Return governor, sequencer and guardian: the deployer governs and guards."""
    return people[DEPLOYER], people[SEQUENCER], people[DEPLOYER]


def deploy_settlement(
    layer: BaseLayer, parts: Parts, keys: tuple[VerifyingKey, VerifyingKey], start: Start, shape: Shape
) -> Contract:
    """Return the Rollup on these parts, deployed by the governor of `start`. Raises as BaseLayer does."""
    terms = Terms(
        token=parts.token,
        exit_verifier=parts.exit_verifier,
        exit_key_is_development=keys[1].is_development,
        forced_deadline_s=FORCED_DEADLINE_S,
        window_s=WINDOW_S,
        exit_window_s=EXIT_WINDOW_S,
        timelock_s=FORCED_DEADLINE_S + WINDOW_S + EXIT_WINDOW_S,
    )
    n_lanes = shape.cash_lanes + shape.rescue_lanes
    spec = ShapeSpec(parts.batch_verifier, count_elements(shape), n_lanes, keys[0].is_development)
    return deploy_rollup(layer, terms, LIMITS, start, [spec], sender=start.governor)


def _fund_people(layer: BaseLayer, seed: int, names: Sequence[str]) -> dict[str, bytes]:
    """Let the layer hold everybody's key, and give everybody wei."""
    keys = {name: derive_base_key(seed, name) for name in names}
    layer.add_senders([key.to_bytes() for key in keys.values()])
    people = {name: key.public_key.to_canonical_address() for name, key in keys.items()}
    for name, address in people.items():
        wanted_wei = _OPERATOR_WEI if name in (DEPLOYER, SEQUENCER) else _OWNER_WEI
        if (missing_wei := wanted_wei - layer.get_balance_wei(address)) > 0:
            layer.transact(address, b"", value_wei=missing_wei)
    return people
