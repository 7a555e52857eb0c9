"""What somebody might try who wants to register another exit than his own, each with the constraint that refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from circuits.account_inputs import leaf_values
from circuits.system import Lie
from rollup.field import R
from rollup.units import ACCOUNT_BITS, ATOMS_PER_E6
from tests.circuits.exit_cases import (
    HOLDING,
    ExitCase,
    at_equity,
    get_honest_exits,
    load_exit_template,
    make_exit_inputs,
)
from tests.circuits.forging import Forged, Forger, path_inputs, tell
from tests.circuits.lane_cases import Values
from tests.circuits.trade_scenes import make_account

__all__ = ["forge_exits"]

OWN, ROOT, OWNER, CLAIM = (
    "account_tree/level[*]/own/chosen",
    "state/root/is_public",
    "owner/is_public",
    "claim/is_public",
)
UNIT = 1 << ACCOUNT_BITS  # of a claim: 1e-6 USD
THIEF = 0xBAD
Lies = dict[str, Lie]


def forge_exits() -> list[Forged]:
    """Return the whole catalogue. Assumes hashing by the kernel for speed. A claim follows unless it is forged."""
    forger = Forger(load_exit_template(), ("claim", "owner"))
    parts = (_claims, _leaves, _states, _places, _packed, _floors, _signs)
    plain = [forged for part in parts for forged in part(forger)]
    sums = [forged for forged in plain if {name.rpartition("/")[2] for name in forged.refused_by} == {"sum"}]
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in sums)]


def _claims(forger: Forger) -> Iterator[Forged]:
    """What is said in public is not what was proved."""
    for name, inputs in get_honest_exits().items():
        claim = inputs["claim"]
        for what, forged in (("one unit more", claim + UNIT), ("one unit less", claim - UNIT), ("next id", claim + 1)):
            yield forger.forge(f"{name}: {what}", inputs, [CLAIM], changes={"claim": forged % R})
        yield forger.forge(f"{name}: to a thief", inputs, [OWNER], changes={"owner": THIEF})
        yield forger.forge(
            f"{name}: in another state", inputs, [ROOT], changes={"state_root": inputs["state_root"] + 1}
        )
    rich = get_honest_exits()["rich"]
    yield forger.forge("nothing claimed by the rich", rich, [CLAIM], changes={"claim": rich["account_id"]})
    yield forger.forge("id beyond the tree", rich, [CLAIM], changes={"claim": rich["claim"] + (1 << 128)})


def _leaves(forger: Forger) -> Iterator[Forged]:
    """Another leaf than the tree holds there."""
    rich = get_honest_exits()["rich"]
    for field, value in {
        "cash": rich["account/cash"] + ATOMS_PER_E6,
        "size[0]": rich["account/size[0]"] + 1,
        "size[15]": 0,
        "sign[1]": 0,
        "owner": THIEF,
        "key_x": 5,
        "epoch": 0,
        "last_touched": 0,
        "orders_root": 0,
        "tier": 3,
        "cash_nonce": 6,
    }.items():
        yield forger.forge(f"another {field}", rich, [OWN], changes={f"account/{field}": value})
    poor = ExitCase(make_account(usd=1), venue=replace(ExitCase().venue, others={3: make_account(3, usd=70_000)}))
    inputs = make_exit_inputs(poor.opening)
    neighbour = {f"account/{name}": value for name, value in leaf_values(poor.venue.others[3]).items()}
    yield forger.forge("the neighbour's leaf as one's own", inputs, [OWN], changes=neighbour)


def _states(forger: Forger) -> Iterator[Forged]:
    """Another state than the root commits to."""
    rich = get_honest_exits()["rich"]
    for name in (
        *("marks[0]", "marks[1]", "marks[7]", "marks[15]", "funding[0]", "funding[15]"),
        *("premiums_hash", "open_interest_hash", "resources_hash", "oracle_hash", "queue", "vault", "clock"),
    ):
        yield forger.forge(f"another {name}", rich, [ROOT], changes={f"state/{name}": rich[f"state/{name}"] + 1})
    richer = at_equity(10**30, sizes=HOLDING)
    forged = forger.forge("a richer self in a tree of one's own", make_exit_inputs(richer.opening), [ROOT])
    yield replace(forged, inputs=forged.inputs | {"state_root": rich["state_root"]})
    yield forger.forge("another sibling", rich, [ROOT], changes={"account_path[6][5]": 1})


def _places(forger: Forger) -> Iterator[Forged]:
    """A leaf at an index where the tree does not hold it."""
    case = at_equity(10**24, sizes=HOLDING)
    inputs, state = make_exit_inputs(case.opening), case.state
    yield forger.forge("one's own leaf at the neighbour's index", inputs, [OWN], changes={"account_id": 3})
    far = 8**6
    moved = path_inputs("account_path", state.tree.path(far)) | {"account_id": far}
    yield forger.forge("one's own leaf by another's path", inputs, [OWN], changes=moved)
    # all eight children but one are empty, so that the empty ones are found at -1 * -1 of the way to the own one
    bits = {"account_id": tell(*(inputs["account_id"] >> i & 1 for i in range(18)), 2, 2, 0)}
    yield forger.forge("an index with bits of two", _alone(), ["account_id/bit[*]"], lies=bits)


def _alone() -> Values:
    """Return the exit of the only account of a state: beside it every node is an empty one."""
    return make_exit_inputs(replace(at_equity(10**24), venue=replace(at_equity(0).venue, others={})).opening)


def _packed(forger: Forger) -> Iterator[Forged]:
    """The word of signs, tier and nonce split in another way than it was packed."""
    short = make_exit_inputs(at_equity(10**24, sizes={15: -5, 14: 0}).opening)
    lower = {"account/sign[15]": 0, "account/sign[14]": 2}
    yield forger.forge("a short packed lower", short, ["account/sign[*]"], changes=lower)
    nonce = [short["account/cash_nonce"] >> i & 1 for i in range(32)]
    tier = [short["account/tier"] >> i & 1 for i in range(3)]
    turned = {"account/sign[15]": 0}
    borrowed = {"account/tier": tell(*_add(tier, pow(2, -1, R)))}
    yield forger.forge("a sign paid from the tier", short, ["account/tier/bit[*]"], changes=turned, lies=borrowed)
    borrowed = {"account/cash_nonce": tell(*_add(nonce, pow(16, -1, R)))}
    yield forger.forge(
        "a sign paid from the nonce", short, ["account/cash_nonce/bit[*]"], changes=turned, lies=borrowed
    )


def _add(bits: list[int], amount: int) -> list[int]:
    return [(bits[0] + amount) % R, *bits[1:]]


def _floors(forger: Forger) -> Iterator[Forged]:
    """Another quotient than the floor."""
    remainder, below, product = "claim/floor/remainder/sum", "claim/floor/below/zeros[*]", "claim/floor/product"
    bits = "claim/floor/remainder"
    for name, inputs in get_honest_exits().items():
        quotient, dust = divmod(_get_magnitude(inputs), ATOMS_PER_E6)
        more, less = tell(quotient + 1, dust - ATOMS_PER_E6), tell(quotient - 1, dust + ATOMS_PER_E6)
        up: Lies = {"claim/floor": more, bits: tell(0)}
        yield forger.forge(f"{name}: rounded up", inputs, [remainder], lies=up)
        if quotient:
            broken = below if dust + ATOMS_PER_E6 < 2**40 else remainder
            yield forger.forge(f"{name}: rounded down", inputs, [broken], lies={"claim/floor": less})
        invented: Lies = {"claim/floor": tell(quotient + 1, dust)}
        yield forger.forge(f"{name}: out of thin air", inputs, [product], lies=invented)
    for place, dust in _exceeding_dust():
        inputs = make_exit_inputs(at_equity(7 * ATOMS_PER_E6 + dust, sizes=HOLDING).opening)
        kept: Lies = {"claim/floor": tell(7, dust)}
        yield forger.forge(f"a unit left in the dust, by place {place}", inputs, [below], lies=kept)


def _exceeding_dust() -> Iterator[tuple[int, int]]:
    """Yield (place, number) for every zero of 10**12 - 1: the least number above it that first differs there."""
    bound = ATOMS_PER_E6 - 1
    for place in range(40):
        if not bound >> place & 1:
            yield place, (bound >> place | 1) << place


def _get_magnitude(inputs: Values) -> int:
    """Return what is divided: the equity, or -1 less it."""
    equity = _get_equity(inputs)
    return max(equity, -1 - equity)


def _get_equity(inputs: Values) -> int:
    signed = [(1 - 2 * inputs[f"account/sign[{m}]"]) * inputs[f"account/size[{m}]"] for m in range(16)]
    values = [inputs[f"state/marks[{m}]"] * 10**6 - inputs[f"state/funding[{m}]"] for m in range(16)]
    return inputs["account/cash"] + sum(s * value for s, value in zip(signed, values, strict=True))


def _signs(forger: Forger) -> Iterator[Forged]:
    """A debt that is no debt, a fortune that is one."""
    quotient, negative = "claim/floor/quotient/sum", "claim/negative/boolean"
    for name, inputs in get_honest_exits().items():
        owes = forger.lane.value(forger.lane.compute_witness(inputs), "claim/negative")
        yield forger.forge(f"{name}: other sign", inputs, [quotient], lies={"claim/negative": tell(1 - owes)})
    for name in ("rich", "in debt"):
        inputs = get_honest_exits()[name]
        yield forger.forge(f"{name}: of neither sign", inputs, [negative], lies={"claim/negative": tell(_aim(inputs))})
        yield forger.forge(f"{name}: other claim", inputs, ["claim/counts"], lies={"claim/counts": tell(10**20)})
        yield forger.forge(f"{name}: more", inputs, ["claim/magnitude"], lies={"claim/magnitude": _add_equity})


def _aim(inputs: Values) -> int:
    """Return the share of either sign that makes of any equity 10**30 atoms."""
    equity = _get_equity(inputs)
    return (10**30 - equity) * pow(-1 - 2 * equity, -1, R) % R


def _add_equity(honest: int) -> int:
    return honest + 10**24
