"""What a cheating sequencer or trader might try with a CashLane, each with the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from circuits.system import Lie
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.babyjubjub import BASE8, Point
from rollup.field import R
from rollup.margin import compute_margin
from rollup.orders import pack_slot
from rollup.poseidon import poseidon
from rollup.signature import Signature, sign
from rollup.tags import ORDERS_NODE, POSITIONS
from rollup.txs import Cancel, CashOp, Deposit, Withdraw
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import OUTPUTS, VENUE, CashCase, force, key_of, load_cash_lane, make_case, make_trader
from tests.circuits.cash_flag_forgeries import forge_flags
from tests.circuits.forging import Forged, Forger, sign_under, tell
from tests.circuits.lane_cases import Values
from tests.circuits.signature_forgeries import SignedLane, forge_signature_parts

__all__ = ["cash_forgeries", "honest_cash_cases"]

TRADER = 12
OTHER = 13
SIGNATURE = frozenset({"signature/r8/x", "signature/r8/y"})
KEYLESS = frozenset({"signature/key/is_eightfold_x", "signature/key/is_eightfold_y"})
ROOT_IN, ROOT_OUT = "account_tree/root_in", "account_tree/root_out"
LEAF_IN = "account_tree/level[*]/children/own/chosen"  # the leaf opened is not the one in the tree
NO_SIGNATURE = Signature((0, 0), 0)


def trader() -> Account:
    """Return the account that most forgeries are about."""
    return make_trader(TRADER)


def withdrawal(amount_e6: int = 1_000, **changes: int) -> Withdraw:
    """Return the trader's next withdrawal, fields replaced."""
    return replace(Withdraw(TRADER, 6, 3, amount_e6), **changes)


def cancel(slot: int = 8, nonce: int = 77, **changes: int) -> Cancel:
    """Return the trader's next cancel, fields replaced."""
    return replace(Cancel(TRADER, 6, 3, slot, nonce), **changes)


def deposit(amount_e6: int = 5, account_id: int = TRADER) -> Deposit:
    """Return a deposit by the account's owner."""
    holder = make_trader(account_id)
    return Deposit(account_id, amount_e6, holder.owner, holder.key)


def honest_cash_cases() -> dict[str, CashCase]:
    """Return one honest lane of each kind."""
    return {
        "withdrawal": make_case(withdrawal(), trader()),
        "cancel": make_case(cancel(), trader()),
        "deposit": make_case(deposit(), trader()),
        "creation": make_case(deposit(), replace(EMPTY_ACCOUNT, epoch=4)),
        "unused": make_case(None, Account(cash_atoms=5)),
    }


def cash_forgeries() -> list[Forged]:
    """Return the whole catalogue. Assumes hashing by the kernel for speed."""
    parts = (_margins, _signatures, _creations, _namings, _counters, _bridges, _kinds, _cancels, _ranges, _openings)
    forged = [forgery for part in parts for forgery in part()]
    return [*forged, *forge_flags(_forger()), *forge_signature_parts(_signed_lane())]


def _signed_lane() -> SignedLane:
    op = withdrawal()

    def open_with_key(key: Point) -> Values:
        account = replace(trader(), key=key)
        inputs = make_case(op, trader()).inputs | _opening_of(account)
        return inputs | {"account/key_x": key[0], "account/key_y": key[1]}

    idle = make_case(None, Account(cash_atoms=5)).inputs
    message = op.message(VENUE.params.domain)
    return SignedLane(_forger(), message, open_with_key, idle, "account/key_div_8", "", "signature")


def _forger() -> Forger:
    return Forger(load_cash_lane(), OUTPUTS)


def _refused(name: str, case: CashCase, *classes: str, **ports: int) -> Forged:
    """Return the case as it stands, some ports replaced."""
    return _ported(name, case, ports, *classes)


def _ported(name: str, case: CashCase, ports: Values, *classes: str) -> Forged:
    return Forged(name, case.inputs | ports, {}, frozenset(classes))


def _changed(
    name: str, case: CashCase, changes: Mapping[str, int], *classes: str, lies: Mapping[str, Lie] | None = None
) -> Forged:
    """Return the case with private inputs changed and every output following."""
    return _forger().forge(name, case.inputs, classes, changes=changes, lies=lies)


def _written(name: str, op: CashOp | None, before: Account, **fields: object) -> Forged:
    """Return an honest lane but for the account it writes back."""
    account_id = op.account if op else TRADER
    after = replace(force(op, before, VENUE.timestamp_s), **fields)  # type: ignore[arg-type]  # fields by name
    return _refused(name, make_case(op, before, account_id=account_id, after=after), ROOT_OUT)


def _margins() -> Iterator[Forged]:
    account, op = trader(), withdrawal()
    after = force(op, account, VENUE.timestamp_s)
    margin = compute_margin(after.cash_atoms, account.sizes_lots, VENUE.marks, VENUE.funding, VENUE.params)
    short = replace(account, cash_atoms=account.cash_atoms - (margin.equity - margin.initial) - 1)
    yield _refused("withdraws, short of the requirement by one atom", make_case(op, short), "not_negative/sum")
    penniless = replace(account, cash_atoms=op.amount_e6 * ATOMS_PER_E6 - 1, sizes_lots=(0,) * 16)
    yield _refused("withdraws one atom more than the balance", make_case(op, penniless), "not_negative/sum")


def _signatures() -> Iterator[Forged]:
    account, op = trader(), withdrawal()

    def spend(signed: CashOp, *, key: int = TRADER, domain: int = VENUE.params.domain, on: CashOp = op) -> CashCase:
        assert not isinstance(signed, Deposit)
        return make_case(on, account, signature=sign(key_of(key), signed.message(domain)))

    yield _refused("unsigned withdrawal", make_case(op, account, signature=NO_SIGNATURE), *SIGNATURE)
    yield _refused("unsigned cancel", make_case(cancel(), account, signature=NO_SIGNATURE), *SIGNATURE)
    yield _refused("withdrawal signed by another", spend(op, key=OTHER), *SIGNATURE)
    yield _refused("amount altered", spend(withdrawal(999)), *SIGNATURE)
    yield _refused("withdrawal from the signer's other account", spend(withdrawal(account=OTHER)), *SIGNATURE)
    yield _refused("withdrawal of an older epoch", spend(withdrawal(epoch=2)), *SIGNATURE)
    yield _refused("withdrawal replayed", spend(withdrawal(cash_nonce=5)), *SIGNATURE)
    yield _refused("withdrawal signed ahead", spend(withdrawal(cash_nonce=7)), *SIGNATURE)
    yield _refused("withdrawal of another deployment", spend(op, domain=VENUE.params.domain + 1), *SIGNATURE)
    yield _refused("cancel spent as a withdrawal", spend(cancel(slot=0, nonce=1_000)), *SIGNATURE)
    yield _refused("cancel of another slot", spend(cancel(slot=9), on=cancel()), *SIGNATURE)
    yield _refused("cancel of a higher nonce", spend(cancel(), on=cancel(nonce=78)), *SIGNATURE)
    yield _refused("cancel replayed", spend(cancel(cash_nonce=5), on=cancel()), *SIGNATURE)
    keyless = replace(EMPTY_ACCOUNT, owner=9, cash_atoms=account.cash_atoms, cash_nonce=6, epoch=3)
    yield _changed("keyless account withdraws", make_case(op, keyless), _sign_keyless(op), *KEYLESS)


def _sign_keyless(op: Withdraw) -> Values:
    """Return what anyone can compute: a signature under the key 8 * B8, with a challenge over the key (0, 0)."""
    r8, s = sign_under((0, 0), 8, op.message(VENUE.params.domain))
    eighth = {"account/key_div_8_x": BASE8[0], "account/key_div_8_y": BASE8[1]}
    return eighth | {"r8_x": r8[0], "r8_y": r8[1], "s": s}


def _creations() -> Iterator[Forged]:
    op, named = deposit(), _named(deposit())
    ownerless = make_case(replace(op, owner=0), EMPTY_ACCOUNT)
    yield _refused("creation without an owner", ownerless, "deposit/names_an_owner")
    nobody = {"kind/creates": 0, **dict.fromkeys(named, 0)}
    kept_empty = _changed("deposit to nobody", make_case(op, EMPTY_ACCOUNT), nobody, "deposit/names_an_owner")
    yield kept_empty
    seized = {"kind/creates": 1, "deposit/key_x": 1, "deposit/key_y": 2, "deposit/owner": 3}
    fields = ("key_x", "key_y", "owner")
    all_three = (f"deposit/creates_from_empty/{field}" for field in fields)
    yield _changed("account seized by a deposit", make_case(op, trader()), seized, *all_three)
    creation = make_case(op, EMPTY_ACCOUNT)
    partly = (Account(key=(1, 0)), Account(key=(0, 1)), Account(owner=1))
    for field, account in zip(fields, partly, strict=True):
        held = seized | {f"account/{field}": 1} | _opening_of(account)
        yield _changed(f"creation over a {field}", creation, held, f"deposit/creates_from_empty/{field}")
    unused = make_case(None, EMPTY_ACCOUNT, account_id=TRADER)
    creates, refusal = {"kind/creates": 1}, "kind/only_a_deposit_creates"
    yield _changed("epoch raised without a deposit", unused, creates, refusal)
    namings = (f"deposit/names_the_account/{field}" for field in fields)
    yield _changed("key set without a deposit", unused, creates | named, refusal, *namings)
    empty = replace(EMPTY_ACCOUNT, cash_atoms=10**18, cash_nonce=6, epoch=3)
    creates |= _sign_keyless(withdrawal())
    yield _changed("creation by a withdrawal", make_case(withdrawal(), empty), creates, refusal, *KEYLESS)


def _named(op: Deposit) -> Values:
    return {"deposit/key_x": op.key[0], "deposit/key_y": op.key[1], "deposit/owner": op.owner}


def _opening_of(account: Account) -> Values:
    """Return root and path of a tree with another account in the trader's place."""
    tree = VENUE.tree({TRADER: account})
    path = tree.path(TRADER)
    values = {f"account_path[{h}][{k}]": child for h, children in enumerate(path) for k, child in enumerate(children)}
    return values | {"root_in": tree.root}


def _namings() -> Iterator[Forged]:
    case, other = make_case(deposit(), trader()), _named(deposit(account_id=OTHER))
    for name, value in other.items():
        field = name.removeprefix("deposit/")
        refusal = f"deposit/names_the_account/{field}"
        yield _changed(f"deposit naming another's {field}", case, {name: value}, refusal)
    for account_id in (0, 1):
        of_system = make_case(deposit(account_id=account_id), EMPTY_ACCOUNT)
        yield _refused(f"deposit to account {account_id}", of_system, "user_account")
        drained = make_case(withdrawal(account=account_id), make_trader(account_id))
        yield _refused(f"withdrawal from account {account_id}", drained, "user_account")
        voided = make_case(cancel(account=account_id), make_trader(account_id))
        yield _refused(f"cancel of account {account_id}", voided, "user_account")


def _counters() -> Iterator[Forged]:
    account, richer = trader(), trader().cash_atoms + 1
    yield _written("epoch not raised by a creation", deposit(), EMPTY_ACCOUNT, epoch=0)
    yield _written("epoch raised by a deposit", deposit(), account, epoch=4)
    for op in (withdrawal(), cancel()):
        kind = type(op).__name__.lower()
        yield _written(f"cash nonce not raised by a {kind}", op, account, cash_nonce=6)
        yield _written(f"last touch not renewed by a {kind}", op, account, last_touched_s=account.last_touched_s)
        yield _written(f"tier raised by a {kind}", op, account, tier=7)
        yield _written(f"positions dropped by a {kind}", op, account, sizes_lots=(0,) * 16)
    yield _written("cash created in an unused lane", None, account, cash_atoms=richer)
    yield _written("cash created by a cancel", cancel(), account, cash_atoms=richer)
    yield _written("withdrawal not debited", withdrawal(), account, cash_atoms=account.cash_atoms)
    yield _written("slot left as it was by a cancel", cancel(), account, orders=account.orders)
    deposited, drawn = make_case(deposit(), account), make_case(withdrawal(), account)
    uncounted = deposited.inputs["queue_in"]
    yield _refused("deposit not counted", deposited, "totals/queue", queue_out=uncounted)
    yield _refused("withdrawal counted as a deposit", drawn, "totals/queue", queue_out=uncounted + 1)
    vault = drawn.inputs["vault_in"]
    for name, flow in (("left out of", 0), ("put into", 1_000), ("taken by one too little from", -999)):
        yield _refused(f"withdrawal {name} the vault", drawn, "totals/vault", vault_out=vault + flow)
    yield _refused("deposit left out of the vault", deposited, "totals/vault", vault_out=vault)
    cashless = replace(account, cash_nonce=2**32 - 1)
    last = withdrawal(cash_nonce=2**32 - 1)
    told = {"account/cash_nonce_after": tell(2**32)}
    yield _changed("cash nonce to 2**32", _sure(last, cashless), {}, "account/cash_nonce_after/bit[*]", lies=told)
    wrapped = _sign_words(2 + (TRADER << 4) - 2**25 + (3 << 57), 1_000) | {"account/cash_nonce_after": 0}
    yield _changed("cash nonce around to 0", _sure(last, cashless), wrapped, LEAF_IN)


def _sure(op: CashOp, before: Account) -> CashCase:
    """Return the case with a state in which the nonce after, out of range, is left for the outputs to follow."""
    return make_case(op, before, after=before)


def _sign_words(word_1: int, word_2: int) -> Values:
    """Return the trader's signature of words that no wallet would sign."""
    signature = sign(key_of(TRADER), poseidon((VENUE.params.domain, word_1 % R, word_2, 0)))
    return {"r8_x": signature.r8[0], "r8_y": signature.r8[1], "s": signature.s}


def _bridges() -> Iterator[Forged]:
    account = trader()
    first, owner, key = "bridge/kind_account_amount", "bridge/owner", "bridge/key[*]"
    for op in (deposit(), withdrawal()):
        case, kind = make_case(op, account), type(op).__name__.lower()
        word = case.inputs["bridge[0]"]
        for what, other in (
            ("kind", word ^ 3),
            ("account", word ^ 1 << 4),
            ("amount", word + (1 << 25)),
            ("absence", 0),
        ):
            yield _ported(f"{kind}: {what} altered on the bridge", case, {"bridge[0]": other}, first)
        yield _ported(f"{kind}: paid to another owner", case, {"bridge[1]": 0xBAD}, owner)
        for i in (2, 3):
            yield _ported(f"{kind}: word {i} altered on the bridge", case, {f"bridge[{i}]": 7}, key)
    for kind, case in (("cancel", make_case(cancel(), account)), ("unused lane", make_case(None, account))):
        for i, refusal in enumerate((first, owner, key, key)):
            yield _ported(f"{kind}: word {i} on the bridge", case, {f"bridge[{i}]": 2}, refusal)


def _kinds() -> Iterator[Forged]:
    account, refusal = trader(), "kind/at_most_one"
    both = {"kind/deposit": 1, **_named(deposit())}
    yield _changed("deposit and withdrawal at once", make_case(withdrawal(), account), both, refusal)
    yield _changed("deposit and cancel at once", make_case(cancel(), account), both, refusal)


def _cancels() -> Iterator[Forged]:
    account, fresh = trader(), trader().orders.set(8, pack_slot(78, 0))
    lowered = make_case(cancel(nonce=75), account)
    yield _refused("cancel lowering its slot", lowered, "not_negative/sum")
    same = make_case(cancel(nonce=77), replace(account, orders=fresh))
    yield _refused("cancel leaving its slot", same, "not_negative/sum")
    last = make_case(cancel(slot=9, nonce=2**32 - 1), account)
    yield _refused("cancel of the last nonce", last, "cancel/nonce_after_fits")
    word_1, high = cancel().words()[0], {"operand": 2**32 + 77}
    signed = high | _sign_words(word_1, 2**32 + 77)
    yield _changed("cancel of a nonce above 32 bits", make_case(cancel(), account), signed, "cancel/nonce_fits")
    elsewhere = make_case(cancel(), replace(account, orders=fresh.set(8, 0)))
    other_tree = {name: value for name, value in elsewhere.inputs.items() if name.startswith("cancel/")}
    honest = make_case(cancel(), account)
    yield _changed("cancel on another orders tree", honest, other_tree, "cancel/orders_tree/root_in")


def _ranges() -> Iterator[Forged]:
    account = trader()
    for op in (deposit(0), withdrawal(0)):
        kind = type(op).__name__.lower()
        yield _refused(f"{kind} of nothing", make_case(op, account), "amount/positive")
    told = {"operand": tell(2**64)}
    yield _changed("deposit of 2**64", make_case(deposit(), account), {}, "operand/bit[*]", lies=told)
    signed = _sign_words(withdrawal().words()[0], -1_000 % R)
    negative = {"operand": tell(-1_000)}
    yield _changed(
        "withdrawal of a negative amount", make_case(withdrawal(), account), signed, "operand/bit[*]", lies=negative
    )
    rich = replace(account, cash_atoms=2**120 - 1)
    yield _refused("cash beyond 2**120", make_case(deposit(1), rich), "account/cash_after/sum")


def _openings() -> Iterator[Forged]:
    account, op = trader(), withdrawal()
    case = make_case(op, account)
    hidden = {"account/size[1]": 0} | _slot_path_of(replace(account, sizes_lots=(account.sizes_lots[0], *(0,) * 15)))
    yield _changed("withdrawal hiding a short", case, hidden, "cancel_or_positions/positions[*]")
    yield _changed(
        "withdrawal hiding a position above market 8", case, {"account/size[9]": 0}, "cancel_or_positions/positions[*]"
    )
    yield _changed("short opened as a long", case, {"account/sign[1]": 0}, LEAF_IN)
    yield _changed("negative zero", case, {"account/sign[4]": 1}, LEAF_IN)
    yield _changed("tier of another", case, {"account/tier": 7}, LEAF_IN)
    yield _changed("more cash than the leaf holds", case, {"account/cash": account.cash_atoms + 1}, LEAF_IN)
    old = make_case(withdrawal(cash_nonce=5), replace(account, cash_nonce=5))
    yield _refused("the account as it was before its nonce rose", old, ROOT_IN, root_in=case.inputs["root_in"])
    yield _refused("another root before", case, ROOT_IN, root_in=case.inputs["root_out"])
    yield _refused("another root after", case, ROOT_OUT, root_out=case.inputs["root_in"])
    elsewhere = make_case(None, EMPTY_ACCOUNT, account_id=OTHER).inputs["root_in"]
    yield _refused("another leaf changed as well", case, ROOT_OUT, root_out=elsewhere)


def _slot_path_of(account: Account) -> Values:
    """Return the path a withdrawal gives in place of an order slot's, for sizes that are not the account's."""
    opened = poseidon([abs(size) for size in account.sizes_lots[:8]], POSITIONS)
    above = poseidon((opened, *(0,) * 7), ORDERS_NODE)
    return {"cancel/slot_path[1][0]": opened, "cancel/slot_path[2][0]": above}
