"""What a lane publishes: one port a word of `rollup/records.py`, each field in its range by the lane's own rules.

The Data template takes the ports as they are, so a word must be what its width says: every field is made of its bits
or was in range when it was stored, and what a lane does not use is 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuits.bits import assert_boolean, from_bits
from circuits.linear import LC, sum_lc
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from rollup.records import CASH_WORDS, FILL_WORDS, KEY_PART_BITS, KEY_PARTS, Word

__all__ = ["combine", "data_port", "publish", "publish_coordinate", "publish_fill"]


def data_port(cs: ConstraintSystem, index: int) -> LC:
    """Return the port of the lane's word of that index."""
    return cs.port(f"data[{index}]")


def combine(word: Word, fields: Mapping[str, LC]) -> LC:
    """Return the fields side by side; those not given are 0."""
    assert set(fields) <= set(word.shifts), f"no such fields: {set(fields) - set(word.shifts)}"
    return sum_lc([value * (1 << word.shifts[name]) for name, value in fields.items()])


def publish(
    cs: ConstraintSystem,
    index: int,
    word: Word,
    flag: LC,
    fields: Mapping[str, LC],
    always: Mapping[str, LC],
    name: str,
) -> None:
    """Constrain a word: `fields` where the boolean flag is 1, else 0 in their place; `always` as they are.

    Constraints: 1, named data/{name}.
    """
    rest = data_port(cs, index) - combine(word, always)
    cs.assert_product(flag, combine(word, fields), rest, name=f"data/{name}")


def publish_fill(
    cs: ConstraintSystem,
    index: int,
    *,
    executed: LC,
    terms: Mapping[str, LC],
    active: LC,
    order: Mapping[str, LC],
    liquidation_flag: LC,
    name: str,
) -> None:
    """Constrain the two words of an order place from `index` on: a fill's terms; and of an order, what it names.

    Constraints: 2, named data/{name}/terms, data/{name}/order.
    """
    publish(cs, index, FILL_WORDS[0], executed, terms, {}, f"{name}/terms")
    publish(cs, index + 1, FILL_WORDS[1], active, order, {"flags": liquidation_flag}, f"{name}/order")


def publish_coordinate(cs: ConstraintSystem, axis: str, coordinate: LC) -> None:
    """Constrain the five words of a key's coordinate: 255 bits that spell it mod r.

    A small coordinate can also be spelled with r or 2 r on top: whoever reads it reduces it mod r, and reads the same.
    Constraints: 255 + 1 + 5, named data/key_{axis}/bit[i], /sum, /part[i].
    """
    n_bits = KEY_PARTS * KEY_PART_BITS
    with cs.scope(f"data/key_{axis}"):
        bits = cs.hint(Opcode.BITS, coordinate, n_out=n_bits, name="spelled")
        for i, bit in enumerate(bits):
            assert_boolean(cs, bit, name=f"bit[{i}]")
        cs.assert_equal(from_bits(bits), coordinate, name="sum")
    first = next(i for i, word in enumerate(CASH_WORDS) if f"key_{axis}[0]" in word.shifts)
    for i in range(KEY_PARTS):
        part = from_bits(bits[i * KEY_PART_BITS : (i + 1) * KEY_PART_BITS])
        cs.assert_equal(part, data_port(cs, first + i), name=f"data/key_{axis}/part[{i}]")
