"""What a cheating sequencer or trader might try with a CashLane, each with the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.babyjubjub import Point
from rollup.orders import pack_slot
from rollup.poseidon import poseidon
from rollup.signature import sign
from rollup.tags import ORDERS_NODE, POSITIONS
from rollup.txs import CashOp, SignedOp
from tests.circuits.cash_cases import NO_SIGNATURE, VENUE, CashCase, make_case
from tests.circuits.cash_entry_forgeries import forge_entries
from tests.circuits.cash_flag_forgeries import forge_flags
from tests.circuits.cash_forging import (
    KEYLESS,
    LEAF_IN,
    NOT_NEGATIVE,
    ROOT_IN,
    ROOT_OUT,
    SIGNATURE,
    as_it_stands,
    changed,
    forger,
    opening_of,
    sign_anyhow,
    sign_words,
    written,
)
from tests.circuits.cash_money_forgeries import forge_money
from tests.circuits.cash_scenes import (
    CANCEL,
    CANCEL_ALL,
    FORCED_CANCEL_ALL,
    FORCED_KEY_CHANGE,
    FORCED_WITHDRAW,
    KEY_CHANGE,
    LAST,
    OFF_CURVE,
    OTHER,
    SET_TIER,
    SIGNED,
    TRADER,
    TRANSFER,
    TRANSFER_IN,
    WITHDRAW,
    close_account,
    deposit,
    flat,
    trader,
)
from tests.circuits.forging import Forged, path_inputs, tell
from tests.circuits.lane_cases import Values
from tests.circuits.published_forgeries import forge_cash_words
from tests.circuits.signature_forgeries import SignedLane, forge_signature_parts
from tests.scenarios import key_of

__all__ = ["cash_forgeries"]

CLOSE = close_account(flat())
ALL_SIGNED = (*SIGNED, CLOSE)


def cash_forgeries() -> list[Forged]:
    """Return the whole catalogue. Assumes hashing by the kernel for speed."""
    parts = (_signatures, _kinds_confused, _counters, _written_back, _bridges, _cancels, _openings)
    forged = [forgery for part in parts for forgery in part()]
    forged += [*forge_entries(), *forge_money(), *forge_flags(), *forge_cash_words(forger())]
    return [*forged, *forge_signature_parts(_signed_lane())]


def _signed_lane() -> SignedLane:
    def open_with_key(key: Point) -> Values:
        inputs = make_case(WITHDRAW, trader()).inputs | opening_of(trader(key=key))
        return inputs | {"account/key_x": key[0], "account/key_y": key[1]}

    idle = make_case(None, Account(cash_atoms=5)).inputs
    message = WITHDRAW.message(VENUE.params.domain)
    return SignedLane(forger(), message, open_with_key, idle, "account/key_div_8", "", "signature")


def _holding(op: SignedOp) -> Account:
    return flat() if op is CLOSE else trader()


def _spend(signed: SignedOp, on: SignedOp, *, key: int = TRADER, domain: int = VENUE.params.domain) -> CashCase:
    """Return a lane that does one thing on the signature of another."""
    return make_case(on, _holding(on), signature=sign(key_of(key), signed.message(domain)))


def _signatures() -> Iterator[Forged]:
    for op in ALL_SIGNED:
        kind = type(op).__name__
        unsigned = make_case(op, _holding(op), signature=NO_SIGNATURE)
        yield as_it_stands(f"{kind}: unsigned", unsigned, *SIGNATURE)
        yield as_it_stands(f"{kind}: signed by another", _spend(op, op, key=OTHER), *SIGNATURE)
        for name, other in (
            ("another account's", replace(op, account=OTHER)),
            ("of an older epoch", replace(op, epoch=2)),
            ("replayed", replace(op, cash_nonce=5)),
            ("signed ahead", replace(op, cash_nonce=7)),
            ("for a greater fee", replace(op, max_fee_e6=op.max_fee_e6 + 1)),
        ):
            yield as_it_stands(f"{kind}: {name}", _spend(other, op), *SIGNATURE)
        elsewhere = _spend(op, op, domain=VENUE.params.domain + 1)
        yield as_it_stands(f"{kind}: of another deployment", elsewhere, *SIGNATURE)
    yield as_it_stands("amount altered", _spend(replace(WITHDRAW, amount_e6=999), WITHDRAW), *SIGNATURE)
    yield as_it_stands("cancel of another slot", _spend(replace(CANCEL, slot=9), CANCEL), *SIGNATURE)
    yield as_it_stands("cancel of a higher nonce", _spend(CANCEL, replace(CANCEL, nonce=78)), *SIGNATURE)
    yield as_it_stands("another key than signed", _spend(replace(KEY_CHANGE, key=(0, 1)), KEY_CHANGE), *SIGNATURE)
    keyless = flat(key=(0, 0))
    yield changed("keyless account withdraws", make_case(WITHDRAW, keyless), sign_anyhow(WITHDRAW, (0, 0)), *KEYLESS)


def _kinds_confused() -> Iterator[Forged]:
    """Yield each signed kind on the signature of each other, its words as much alike as they can be."""
    for on in ALL_SIGNED:
        for signed in ALL_SIGNED:
            if on is not signed:
                name = f"{type(signed).__name__} spent as {type(on).__name__}"
                yield as_it_stands(name, _spend(signed, on), *SIGNATURE)
    beside = sign_words(CANCEL_ALL.words()[0], 5)
    case = make_case(CANCEL_ALL, trader())
    yield changed("cancel all of something", case, beside | {"operand": 5}, "message/no_operand")
    off_curve = replace(KEY_CHANGE, key=OFF_CURVE)
    yield as_it_stands("key changed to none", make_case(off_curve, trader()), "acts/sets_key")
    for op, refusal in ((KEY_CHANGE, "acts/sets_key"), (CANCEL_ALL, "acts/raises_epoch")):
        beyond = make_case(replace(op, epoch=LAST), trader(epoch=LAST))
        yield as_it_stands(f"{type(op).__name__} beyond the last epoch", beyond, refusal)


def _counters() -> Iterator[Forged]:
    for op in SIGNED:
        kind = type(op).__name__
        yield written(f"{kind}: cash nonce not raised", op, trader(), cash_nonce=6)
        yield written(f"{kind}: cash nonce raised twice", op, trader(), cash_nonce=8)
    last = replace(WITHDRAW, cash_nonce=LAST)
    case = make_case(last, trader(cash_nonce=LAST))
    told = {"account/cash_nonce_after": tell(2**32)}
    yield changed("cash nonce to 2**32", case, {}, "account/cash_nonce_after/bit[*]", lies=told)
    word_1 = WITHDRAW.words()[0] - (7 << 25)
    wrapped = sign_words(word_1, WITHDRAW.amount_e6) | {"account/cash_nonce_after": 0}
    yield changed("cash nonce around to 0", case, wrapped, LEAF_IN)
    raising: tuple[CashOp, ...] = (KEY_CHANGE, CANCEL_ALL, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE)
    for raises in raising:
        for epoch in (3, 5):
            yield written(f"{type(raises).__name__}: epoch from 3 to {epoch}", raises, trader(), epoch=epoch)
    keeping: tuple[CashOp, ...] = (deposit(), TRANSFER_IN, FORCED_WITHDRAW, SET_TIER, WITHDRAW)
    for keeps in keeping:
        yield written(f"{type(keeps).__name__}: epoch raised", keeps, trader(), epoch=4)


def _written_back() -> Iterator[Forged]:
    """Yield lanes that write back more or less than their operation does."""
    account, richer = trader(), trader().cash_atoms + 1
    unsigned: tuple[CashOp, ...] = (TRANSFER_IN, deposit(), FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE)
    for op in (*SIGNED, *unsigned):
        kind = type(op).__name__
        yield written(f"{kind}: tier raised", op, account, tier=7)
        yield written(f"{kind}: positions dropped", op, account, sizes_lots=(0,) * 16)
        yield written(f"{kind}: owner replaced", op, account, owner=7)
        yield written(f"{kind}: key replaced", op, account, key=(0, 1))
        more = make_case(op, account).lane.after.cash_atoms + 1
        yield written(f"{kind}: one atom more", op, account, cash_atoms=more)
    dropped: tuple[CashOp, ...] = (replace(FORCED_CANCEL_ALL, owner=7), replace(SET_TIER, tier=9), deposit(owner=7))
    for op in dropped:
        kind = f"{type(op).__name__}, not applied"
        yield written(f"{kind}: one atom more", op, account, cash_atoms=richer)
        yield written(f"{kind}: epoch raised", op, account, epoch=4)
        yield written(f"{kind}: tier raised", op, account, tier=7)
    yield written("unused lane: one atom more", None, account, cash_atoms=richer)
    yield written("withdrawal not debited", WITHDRAW, account, cash_atoms=account.cash_atoms)
    yield written("forced withdrawal not debited", FORCED_WITHDRAW, account, cash_atoms=account.cash_atoms)
    yield written("deposit not credited", deposit(), account, cash_atoms=account.cash_atoms)
    yield written("slot left as it was", CANCEL, account, orders=account.orders)
    yield written("tier of another value", SET_TIER, account, tier=3)
    yield written("tier not set", SET_TIER, account, tier=5)
    for op in (KEY_CHANGE, FORCED_KEY_CHANGE):
        yield written(f"{type(op).__name__}: key kept", op, account, key=account.key)


def _bridges() -> Iterator[Forged]:
    first, owner = "bridge/kind_account_amount_outcome", "bridge/owner"
    keys = ("bridge/key_x_or_paid", "bridge/key_y")
    dropped = [replace(op, owner=7) for op in (deposit(), FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE)]
    applied = [deposit(), FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE, SET_TIER, replace(SET_TIER, tier=9)]
    for op in (WITHDRAW, CLOSE, *applied, *dropped):
        case = make_case(op, flat() if op is CLOSE else trader())
        kind = f"{type(op).__name__}{'' if case.lane.is_applied else ', not applied'}"
        word = case.inputs["bridge[0]"]
        for what, other in (
            ("kind", word ^ 3),
            ("account", word ^ 1 << 4),
            ("amount", word + (1 << 25)),
            ("outcome", word ^ 1 << 89),
            ("absence", 0),
        ):
            yield as_it_stands(f"{kind}: {what} altered on the bridge", case, first, ports={"bridge[0]": other})
        yield as_it_stands(f"{kind}: another owner on the bridge", case, owner, ports={"bridge[1]": 0xBAD})
        for i, refusal in enumerate(keys, start=2):
            word = case.inputs[f"bridge[{i}]"] + 1
            yield as_it_stands(f"{kind}: word {i} altered on the bridge", case, refusal, ports={f"bridge[{i}]": word})
    silent: tuple[CashOp | None, ...] = (CANCEL, TRANSFER, TRANSFER_IN, KEY_CHANGE, CANCEL_ALL, None)
    for quiet in silent:
        kind = type(quiet).__name__ if quiet else "unused lane"
        case = make_case(quiet, trader(), account_id=TRADER)
        for i, refusal in enumerate((first, owner, *keys)):
            yield as_it_stands(f"{kind}: word {i} on the bridge", case, refusal, ports={f"bridge[{i}]": 2})


def _cancels() -> Iterator[Forged]:
    account, fresh = trader(), trader().orders.set(8, pack_slot(78, 0))
    lowered = make_case(replace(CANCEL, nonce=75), account)
    yield as_it_stands("cancel lowering its slot", lowered, NOT_NEGATIVE)
    same = make_case(CANCEL, replace(account, orders=fresh))
    yield as_it_stands("cancel leaving its slot", same, NOT_NEGATIVE)
    last = make_case(replace(CANCEL, slot=9, nonce=LAST), account)
    yield as_it_stands("cancel of the last nonce", last, "cancel/nonce_after_fits")
    honest = make_case(CANCEL, account)
    high = {"operand": 2**32 + 77} | sign_words(CANCEL.words()[0], 2**32 + 77)
    yield changed("cancel of a nonce above 32 bits", honest, high, "cancel/nonce_fits")
    elsewhere = make_case(CANCEL, replace(account, orders=fresh.set(8, 0)))
    other_tree = {name: value for name, value in elsewhere.inputs.items() if name.startswith("cancel/")}
    yield changed("cancel on another orders tree", honest, other_tree, "cancel/orders_tree/root_in")


def _openings() -> Iterator[Forged]:
    account, positions = trader(), "cancel_or_positions/positions[*]"
    for op in (WITHDRAW, TRANSFER):
        kind, case = type(op).__name__, make_case(op, account)
        below_8 = replace(account, sizes_lots=(account.sizes_lots[0], *(0,) * 15))
        hidden = {"account/size[1]": 0} | _slot_path_of(below_8)
        yield changed(f"{kind} hiding a short", case, hidden, positions)
        yield changed(f"{kind} hiding a position above market 8", case, {"account/size[9]": 0}, positions)
    paid = make_case(FORCED_WITHDRAW, account)
    yield changed("forced withdrawal hiding a position", paid, {"account/size[9]": 0}, positions)
    case = make_case(WITHDRAW, account)
    yield changed("short opened as a long", case, {"account/sign[1]": 0}, LEAF_IN)
    yield changed("negative zero", case, {"account/sign[4]": 1}, LEAF_IN)
    yield changed("tier of another", case, {"account/tier": 7}, LEAF_IN)
    yield changed("more cash than the leaf holds", case, {"account/cash": account.cash_atoms + 1}, LEAF_IN)
    yield changed("touched later than the leaf says", case, {"account/last_touched": 2**40}, LEAF_IN)
    old = make_case(replace(WITHDRAW, cash_nonce=5), trader(cash_nonce=5))
    before = {"root_in": case.inputs["root_in"]}
    yield as_it_stands("the account as it was before its nonce rose", old, ROOT_IN, ports=before)
    yield as_it_stands("another root before", case, ROOT_IN, ports={"root_in": case.inputs["root_out"]})
    yield as_it_stands("another root after", case, ROOT_OUT, ports={"root_out": case.inputs["root_in"]})
    elsewhere = make_case(None, EMPTY_ACCOUNT, account_id=OTHER).inputs["root_in"]
    yield as_it_stands("another leaf changed as well", case, ROOT_OUT, ports={"root_out": elsewhere})


def _slot_path_of(account: Account) -> Values:
    """Return the path a withdrawal gives in place of an order slot's, for sizes that are not the account's."""
    opened = poseidon([abs(size) for size in account.sizes_lots[:8]], POSITIONS)
    above = poseidon((opened, *(0,) * 7), ORDERS_NODE)
    level = path_inputs("cancel/slot_path", ((0,) * 8, (opened, *(0,) * 7), (above, *(0,) * 7)))
    return {name: level[name] for name in ("cancel/slot_path[1][0]", "cancel/slot_path[2][0]")}
