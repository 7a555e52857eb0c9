"""The exit circuit's public and private inputs by name, from an account opened in its state."""

from __future__ import annotations

from circuits.account_inputs import Values, leaf_values, path_values
from circuits.witness import WitnessInputs
from rollup import tags
from rollup.exit import ExitOpening, compute_exit_inputs
from rollup.field import to_field
from rollup.poseidon import poseidon
from rollup.state import StateHeader

__all__ = ["compute_exit_witness_inputs", "exit_inputs"]


def compute_exit_witness_inputs(opening: ExitOpening) -> WitnessInputs:
    """Return all values that the exit circuit takes."""
    return WitnessInputs(compute_exit_inputs(opening)._asdict(), (exit_inputs(opening),))


def exit_inputs(opening: ExitOpening) -> Values:
    """Return the private inputs."""
    values = {f"account/{name}": value for name, value in leaf_values(opening.account).items()}
    values |= dict(path_values("account_path", opening.account_path))
    return values | _state_values(opening.header) | {"account_id": opening.account_id}


def _state_values(header: StateHeader) -> Values:
    columns = {"marks": header.marks_ticks, "funding": header.funding_index}
    values = {f"state/{name}[{m}]": value for name, column in columns.items() for m, value in enumerate(column)}
    return values | {
        "state/premiums_hash": poseidon([to_field(premium) for premium in header.premiums], tags.PREMIUMS),
        "state/open_interest_hash": poseidon(header.open_interest_lots, tags.OPEN_INTEREST),
        "state/resources_hash": header.resources_hash,
        "state/oracle_hash": header.oracle_hash,
        "state/queue": header.queue_consumed,
        "state/vault": header.vault_e6,
        "state/clock": header.clock,
    }
