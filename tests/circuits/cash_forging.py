"""How CashLanes are forged: lanes as they stand, with inputs changed and outputs following, or written back wrongly."""

from __future__ import annotations

from collections.abc import Mapping

from circuits.cash_kinds import KIND_NAMES
from circuits.system import Lie
from rollup.accounts import Account
from rollup.babyjubjub import BASE8, Point
from rollup.field import R
from rollup.poseidon import poseidon
from rollup.signature import sign
from rollup.txs import CashOp, SignedOp
from tests.circuits.cash_cases import OUTPUTS, VENUE, CashCase, load_cash_lane, make_case
from tests.circuits.cash_scenes import TRADER
from tests.circuits.forging import Forged, Forger, path_inputs, sign_under, tell
from tests.circuits.lane_cases import Values
from tests.scenarios import key_of

__all__ = [
    "KEYLESS",
    "LEAF_IN",
    "NOT_NEGATIVE",
    "ROOT_IN",
    "ROOT_OUT",
    "SIGNATURE",
    "as_it_stands",
    "changed",
    "forger",
    "kinds",
    "opening_of",
    "sign_anyhow",
    "sign_words",
    "told",
    "written",
]

SIGNATURE = ("signature/r8/x", "signature/r8/y")
KEYLESS = ("signature/key/is_eightfold_x", "signature/key/is_eightfold_y")
ROOT_IN, ROOT_OUT = "account_tree/root_in", "account_tree/root_out"
LEAF_IN = "account_tree/level[*]/children/own/chosen"  # the leaf opened is not the one in the tree
NOT_NEGATIVE = "not_negative/sum"


def forger() -> Forger:
    """Return what forges CashLanes, every output following."""
    return Forger(load_cash_lane(), OUTPUTS)


def as_it_stands(name: str, case: CashCase, *classes: str, ports: Mapping[str, int] | None = None) -> Forged:
    """Return the case with nothing but ports replaced."""
    return Forged(name, case.inputs | dict(ports or {}), {}, frozenset(classes))


def changed(
    name: str, case: CashCase, changes: Mapping[str, int], *classes: str, lies: Mapping[str, Lie] | None = None
) -> Forged:
    """Return the case with private inputs changed and every output following."""
    return forger().forge(name, case.inputs, classes, changes=changes, lies=lies)


def told(name: str, case: CashCase, hint: str, value: int, *classes: str, **changes: int) -> Forged:
    """Return the case with a lie about one hint or product, refused by `classes`, or by the one named like it."""
    return changed(name, case, changes, *(classes or (hint,)), lies={hint: tell(value)})


def written(name: str, op: CashOp | None, before: Account, **fields: object) -> Forged:
    """Return an honest lane but for the account it writes back: fields of the model's replaced."""
    account_id = op.account if op else TRADER
    honest = make_case(op, before, account_id=account_id)
    assert honest.is_allowed
    after = honest.lane.after.with_changes(**fields)
    return as_it_stands(name, make_case(op, before, account_id=account_id, after=after), ROOT_OUT)


def kinds(**flags: int) -> Lie:
    """Return the lie that sets these kinds, no other."""
    return tell(*(flags.get(name, 0) for name in KIND_NAMES))


def opening_of(account: Account) -> Values:
    """Return root and path of a tree with another account in the trader's place."""
    tree = VENUE.tree({TRADER: account})
    return path_inputs("account_path", tree.path(TRADER)) | {"root_in": tree.root}


def sign_words(word_1: int, word_2: int, word_3: int = 0) -> Values:
    """Return the trader's signature of words that no wallet would sign."""
    words = (word_1 % R, word_2 % R, word_3 % R)
    signature = sign(key_of(TRADER), poseidon((VENUE.params.domain, *words)))
    return {"r8_x": signature.r8[0], "r8_y": signature.r8[1], "s": signature.s}


def sign_anyhow(op: SignedOp, shown_key: Point) -> Values:
    """Return what anyone can compute: a signature under the key 8 * B8, with a challenge over another key."""
    r8, s = sign_under(shown_key, 8, op.message(VENUE.params.domain))
    eighth = {"account/key_div_8_x": BASE8[0], "account/key_div_8_y": BASE8[1]}
    return eighth | {"r8_x": r8[0], "r8_y": r8[1], "s": s}
