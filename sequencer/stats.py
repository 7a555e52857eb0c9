"""How many constraints each gadget, lane and shape has, counted on what is recorded, never written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from circuits.batch import build_batch_circuit
from circuits.bits import to_bits
from circuits.compare import is_less_than
from circuits.eddsa import verify_eddsa
from circuits.exit import build_exit_circuit, exit_template
from circuits.linear import LC
from circuits.merkle import private_path, update_root
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from rollup.shapes import SHAPES, Shape
from rollup.units import ACCOUNT_TREE_DEPTH, ORDERS_TREE_DEPTH

__all__ = ["count_exit", "count_gadgets", "count_lanes", "count_operations", "count_shapes", "count_stats"]

_SHARED: Final = ("TradeLane", "QuoteLane")  # whose number is that of their orders
# every kind of operation of docs/rules.md, by the kind of lane that proves it
_OPERATIONS: Final = {
    "CashLane": (
        *(
            "deposit",
            "returned deposit",
            "withdraw",
            "cancel",
            "cancel all",
            "key change",
            "close",
            "set tier",
            "evict",
        ),
        *("transfer out", "transfer in", "forced withdrawal", "forced cancel all", "forced key change"),
    ),
    "RescueLane": (
        *("takeover", "deleveraging: victim", "deleveraging: counterparty"),
        *("forced trade: first leg", "forced trade: second leg"),
    ),
    "TradeLane": ("order", "liquidation"),
    "QuoteLane": ("order of a quote",),
    "FundLane": ("fund's fill, penalties, fees, rent",),
    "Tick": ("oracle prices, funding, margin fractions, base fees",),
    "Close": ("totals, congestion, premium, new state",),
    "Data": ("public data, blob value, bridge value",),
}


def count_stats(shapes: Mapping[str, Shape] = SHAPES) -> dict[str, Any]:
    """Return `gadgets`, `lanes`, `shapes`, `exit` and `operations` as `zkmargin circuit stats --json` prints them."""
    lanes = count_lanes(shapes)
    counts = {"gadgets": count_gadgets(), "lanes": lanes, "shapes": count_shapes(shapes), "exit": count_exit()}
    return counts | {"operations": count_operations(lanes)}


def count_gadgets() -> dict[str, int]:
    """Return the constraints of each gadget, alone."""
    return {name: _count(build) for name, build in _GADGETS.items()}


def count_lanes(shapes: Mapping[str, Shape] = SHAPES) -> dict[str, dict[str, Any]]:
    """Return the constraints of every lane of the given shapes, in all and by scope."""
    templates = {
        instance.template.name: instance.template
        for shape in shapes.values()
        for instance in build_batch_circuit(shape).instances
    }
    return {
        name: {"constraints": template.n_rows, "by_scope": template.count_by_scope()}
        for name, template in sorted(templates.items())
    }


def count_exit() -> dict[str, Any]:
    """Return the exit circuit's constraints, in all and by scope, and log2 of its evaluation domain."""
    circuit = build_exit_circuit()
    by_scope = exit_template().count_by_scope()
    return {"constraints": circuit.n_constraints, "domain_log2": circuit.domain_log2, "by_scope": by_scope}


def count_operations(lanes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, for every kind of operation and every lane that proves it, the constraints of the lane for each it holds.

    A lane costs the same used or not. `capacity` is how many operations of an account share it.
    """
    rows = []
    for name, lane in lanes.items():
        kind, capacity = _split_name(name)
        for operation in _OPERATIONS[kind]:
            shared = capacity if kind in _SHARED and operation != "liquidation" else 1
            row = {"operation": operation, "lane": name, "capacity": shared, "constraints": lane["constraints"]}
            rows.append(row | {"constraints_each": lane["constraints"] // shared})
    return rows


def _split_name(lane: str) -> tuple[str, int]:
    """Return the kind of a lane, and the number in its name, 1 if it has none: Data is named by its shape."""
    kind, _, number = lane.rstrip(")").partition("(")
    return kind, int(number) if number.isdecimal() else 1


def count_shapes(shapes: Mapping[str, Shape] = SHAPES) -> dict[str, dict[str, int]]:
    """Return constraints, order places and log2 of the evaluation domain of each shape."""
    circuits = {name: build_batch_circuit(shape) for name, shape in shapes.items()}
    return {
        name: {
            "constraints": circuit.n_constraints,
            "orders": circuit.shape.max_orders,
            "domain_log2": circuit.domain_log2,
        }
        for name, circuit in circuits.items()
    }


def _count(build: Callable[[ConstraintSystem], object]) -> int:
    cs = ConstraintSystem(evaluate=False)
    build(cs)
    return cs.n_constraints


def _inputs(cs: ConstraintSystem, count: int) -> list[LC]:
    return [cs.private(f"input[{i}]") for i in range(count)]


def _build_poseidon(arity: int) -> Callable[[ConstraintSystem], object]:
    return lambda cs: poseidon(cs, _inputs(cs, arity), name="hash")


def _build_eddsa(cs: ConstraintSystem) -> None:
    a_x, a_y, b_x, b_y, r_x, r_y, s, message, enabled = _inputs(cs, 9)
    points = {"key": (a_x, a_y), "key_div_8": (b_x, b_y), "r8": (r_x, r_y)}
    verify_eddsa(cs, enabled=enabled, **points, s=s, message=message, name="eddsa")


def _build_merkle(depth: int) -> Callable[[ConstraintSystem], object]:
    def build(cs: ConstraintSystem) -> None:
        old, new, *index_bits = _inputs(cs, 2 + 3 * depth)
        update_root(cs, old, new, index_bits, private_path(cs, depth, name="path"), 1, name="merkle")

    return build


_GADGETS: Final[dict[str, Callable[[ConstraintSystem], object]]] = {
    "eddsa_verify": _build_eddsa,
    "poseidon2": _build_poseidon(2),
    "poseidon4": _build_poseidon(4),
    "poseidon5": _build_poseidon(5),
    "poseidon8": _build_poseidon(8),
    "poseidon16": _build_poseidon(16),
    "account_tree_update": _build_merkle(ACCOUNT_TREE_DEPTH),
    "orders_tree_update": _build_merkle(ORDERS_TREE_DEPTH),
    "range_64": lambda cs: to_bits(cs, cs.private("input"), 64, name="range"),
    "less_than_64": lambda cs: is_less_than(cs, cs.private("a"), cs.private("b"), 64, name="less"),
}
