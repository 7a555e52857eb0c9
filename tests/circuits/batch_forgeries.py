"""Cheating sequencers: whole batches that fit everywhere but where they cheat, and who is to refuse each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from circuits.witness import WitnessInputs
from rollup.field import R
from rollup.params import Params
from rollup.rent import charge_rent
from rollup.settle import apply_order_fill
from rollup.shapes import TINY
from rollup.state import State
from rollup.trace import BatchTrace, CashLaneTrace
from rollup.txs import Transfer, Withdraw
from rollup.units import FUND_ACCOUNT, TREASURY_ACCOUNT
from tests.circuits.data_cases import BRIDGE_PORTS, follow_data
from tests.circuits.frame_cases import N_BRIDGE_LANES, get_day, get_idle
from tests.circuits.lane_cases import Values
from tests.circuits.rechaining import Ledger, change_bus, change_private, get_ledger, give_inputs, rechain
from tests.scenarios import AVAX_PRICE, PARAMS, Exchange

__all__ = ["BatchForgery", "forge_batches"]

SEQUENCER = 9
ROOT_IN, ROOT_OUT = "account_tree/root_in", "account_tree/root_out"
BRIDGE = ("bridge/kind_account_amount_outcome", "bridge/owner", "bridge/key_x_or_paid", "bridge/key_y")
NET = "market[*]/lots_end/sum"
NEW_ROOT = "close: new_state_root/is_public"
FILLS, LIQUIDATION, CASH = "deposits and fills", "liquidation", "withdraw and cancel"


@dataclass(frozen=True)
class BatchForgery:
    """What the circuit is given, and the "instance: constraint class" that refuse it: these and no others."""

    name: str
    inputs: WitnessInputs
    refused_by: frozenset[str]


def forge_batches() -> list[BatchForgery]:
    """Return the whole catalogue, on the shape tiny."""
    parts = (_creations, _dues, _imbalances, _shares, _told, _publics, _bridges, _chains, _transfers, _orders, _totals)
    parts += (_publications, _public_data)
    return [forgery for part in parts for forgery in part()]


def _forgery(name: str, inputs: WitnessInputs, *refused_by: str) -> BatchForgery:
    """Return the forgery with its data made to fit: what the lanes say is what the batch publishes."""
    return BatchForgery(name, follow_data(inputs), frozenset(refused_by))


def _misdata(name: str, inputs: WitnessInputs, *refused_by: str) -> BatchForgery:
    """Return the forgery of the data themselves, which follow nothing."""
    return BatchForgery(name, inputs, frozenset(refused_by))


def _credited(batch: str, credits: dict[tuple[str, int], int]) -> WitnessInputs:
    """Return a batch of the day in which instances write cash into the tree besides their own work."""
    return give_inputs(rechain(get_day()[batch], get_ledger(batch), credits)[0])


def _set_links(inputs: WitnessInputs, chain: str, value: int, *, first: int = 0, index: str = "") -> Values:
    """Return bus wires that say this value on every link of a chain from `first` on."""
    links = {f"{chain}[{i}]{index}": value for i in range(first, len(inputs.bus))}
    return {name: value for name, value in links.items() if name in inputs.bus}


def _creations() -> Iterator[BatchForgery]:
    lanes = {"cash[0]": 2, "cash[1]": 3, "trade[0]": 2, "trade[1]": 3, "trade[2]": SEQUENCER, "quote[0]": SEQUENCER}
    lanes |= {"rescue[1]": SEQUENCER, "fund": 0}
    for instance, account_id in lanes.items():
        for atoms, what in ((1, "created in"), (-1, "taken by")):
            inputs = _credited(FILLS, {(instance, account_id): atoms})
            yield _forgery(f"one atom {what} {instance}", inputs, f"{instance}: {ROOT_OUT}")
    moved = _credited(FILLS, {("cash[0]", 3): -1, ("cash[0]", 2): 1})
    yield _forgery("one atom moved from a trader to another", moved, f"cash[0]: {ROOT_OUT}")


def _dues() -> Iterator[BatchForgery]:
    fee = get_day()[FILLS].fund_lane.treasury_after.cash_atoms
    penalty = get_day()[LIQUIDATION].fund_lane.fund_after.cash_atoms
    assert min(fee, penalty) > 0
    own_lane = _credited(FILLS, {("trade[2]", SEQUENCER): fee, ("fund", TREASURY_ACCOUNT): -fee})
    yield _forgery("fees paid to the sequencer's own lane", own_lane, f"trade[2]: {ROOT_OUT}", f"fund: {ROOT_OUT}")
    for name, batch, due, payee in (
        ("fees", FILLS, fee, TREASURY_ACCOUNT),
        ("penalty", LIQUIDATION, penalty, FUND_ACCOUNT),
    ):
        for thief, who in ((SEQUENCER, "the sequencer"), (1 - payee, "the other fund")):
            inputs = _credited(batch, {("fund", payee): -due, ("fund", thief): due})
            yield _forgery(f"{name} paid to {who}", inputs, f"fund: {ROOT_OUT}")
    honest = give_inputs(get_day()[FILLS])
    traded = max(_set_links(honest, "fees", 0), key=lambda name: honest.bus[name])
    inputs = _credited(FILLS, {("fund", TREASURY_ACCOUNT): -honest.bus[traded]})
    unpaid = change_bus(inputs, _set_links(inputs, "fees", 0))
    yield _forgery("fees held back by the lanes", unpaid, "trade[0]: totals/fees", "trade[1]: totals/fees")


def _trade_between(bought_lots: int, sold_lots: int) -> BatchTrace:
    """Return a batch in which account 2 buys and account 3 sells that many lots of AVAX; fewer sold than bought."""
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    ledger = _ledger_of(exchange.state)
    orders = [exchange.order(2, bought_lots, AVAX_PRICE), exchange.order(3, -2 * bought_lots, AVAX_PRICE)]
    trace = exchange.batch(orders=orders).trace
    lanes = list(trace.trade_lanes)
    (position,) = (i for i, lane in enumerate(lanes) if lane.account_id == 3)
    (fill,) = lanes[position].fills
    opened, _ = charge_rent(lanes[position].before, trace.tick)
    price_ticks = trace.clearing_prices_ticks[0]
    after, _ = apply_order_fill(opened, fill.order, sold_lots, price_ticks, trace.tick, trace.params)
    lanes[position] = replace(lanes[position], fills=(replace(fill, fill_lots=sold_lots),), after=after)
    rationing = (replace(trace.rationing[0], marginal_lots=sold_lots), *trace.rationing[1:])
    return rechain(replace(trace, trade_lanes=tuple(lanes), rationing=rationing), ledger)[0]


def _ledger_of(state: State) -> Ledger:
    return Ledger(state.tree, dict(state.accounts))


def _imbalances() -> Iterator[BatchForgery]:
    trace = _trade_between(1_000, 999)
    inputs = give_inputs(trace)
    yield _forgery("one lot more bought than sold", inputs, f"close: {NET}", "close: new_state_root/is_public")
    (seller,) = (i for i, lane in enumerate(trace.trade_lanes) if lane.account_id == 3)
    lots = sorted(wire for wire in inputs.bus if wire.startswith("lots[") and wire.endswith("][0]"))
    missing = 2**160 + 2**80 - 1  # one lot of change and of fills more, and sold
    first = TINY.rescue_lanes + seller + 1  # the link behind the seller's lane
    hidden = change_bus(inputs, {wire: inputs.bus[wire] + missing for wire in lots[first:]})
    yield _forgery("the lot hidden by the seller's lane", hidden, f"trade[{seller}]: totals/lots[*]")
    late = change_bus(inputs, {lots[-1]: inputs.bus[lots[-1]] + missing})
    yield _forgery("the lot hidden by the fund", late, "fund: totals/lots[*]")
    lent = change_bus(inputs, {wire: inputs.bus[wire] + missing for wire in lots})
    yield _forgery("the lot lent at the start", lent, "close: market[*]/lots_start")


def _shares() -> Iterator[BatchForgery]:
    """Yield batches in which two sellers share what one buys, told otherwise."""
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(account, 2_000) for account in (2, 3)])
    exchange.batch(cash=[exchange.deposit(4, 2_000)])
    lots = ((2, 1_001), (3, -1_000), (4, -1_000))
    trace = exchange.batch(orders=[exchange.order(account, size, AVAX_PRICE) for account, size in lots]).trace
    inputs, rationing = give_inputs(trace), trace.rationing[0]
    assert (rationing.marginal_lots, rationing.marginal_remaining) == (1_001, 2_000)
    sharing = [f"trade[{i}]" for i, lane in enumerate(trace.trade_lanes) if lane.account_id in (3, 4)]
    lanes = [*(f"trade[{i}]" for i in range(len(trace.trade_lanes))), "quote[0]"]
    for i in range(1, len(lanes)):
        moved = change_bus(inputs, {f"position[{i}]": inputs.bus[f"position[{i}]"] - 1})
        broken = [f"{lane}: totals/position" for lane in lanes[i - 1 : i + 1]]
        behind = [f"{lane}: order[*]/share/extra/by_position" for lane in lanes[i : i + 1] if lane in sharing]
        yield _forgery(f"{lanes[i]} placed one earlier", moved, *broken, *behind)
    total = [f"ration[{i}][0]" for i in range(lanes.index(sharing[1]) + 1, len(lanes) + 1)]
    less = change_bus(inputs, {wire: inputs.bus[wire] - 2**64 for wire in total})
    broken = [f"{sharing[1]}: totals/ration[*]", "close: market[*]/ration_end"]
    yield _forgery("a lot of a share not counted", less, *broken)
    for part, rules in (("lots", ["is_floor"]), ("remaining", ["is_floor", "remainder_below_divisor"])):
        wire = f"table/marginal_{part}[0]"
        told = change_bus(inputs, {wire: inputs.bus[wire] + 1})
        broken = [f"{lane}: order[*]/share/{rule}" for lane in sharing for rule in rules]
        yield _forgery(f"shared {part} told one higher", told, "close: market[*]/ration_end", *broken)


# what a sequencer may tell the lanes, or itself at the close, other than what the tick worked out: wire -> who refuses
TOLD = {
    "a higher mark": ("table/mark[0]", "tick: market[*]/mark/is_port"),
    "a higher funding index": ("table/funding[0]", "tick: market[*]/index/is_port"),
    "a higher initial requirement": ("table/initial_weight[0]", "tick: market[*]/initial_weight"),
    "a higher maintenance requirement": ("table/maintenance_weight[0]", "tick: market[*]/maintenance_weight/is_port"),
    "a higher penalty": ("table/penalty_weight[0]", "tick: market[*]/penalty_weight"),
    "another rationed side": ("table/auction_word[0]", "tick: market[*]/auction_word"),
    "a higher taker fee": ("table/taker_fee_ppm[0]", "tick: taker_fee_ppm[*]/is_port"),
    "a smaller rebate": ("table/maker_fee_ppm[0]", "tick: maker_fee_ppm[*]/is_port"),
    "a dearer place": ("table/order_fee_e6", "tick: order_fee_e6/is_port"),
    "a dearer cash operation": ("table/cash_fee_e6", "tick: cash_fee_e6/is_port"),
    "a dearer leaf": ("table/leaf_fee_e6", "tick: leaf_fee_e6/is_port"),
    "a higher rent": ("table/rent_rate", "tick: rent_rate/is_port"),
    "fresh prices called stale": ("table/stale", "tick: stale/is_port"),
    "another deployment": ("table/domain", "tick: domain/is_port"),
    "a wider band for the fund": ("fund_band_ppm", "tick: fund_band_ppm/is_port"),
    "a larger budget for the fund": ("budget[0]", "tick: fund_budget/is_port", "fund: totals/budget"),
    "another congestion at the close": ("outset/congestion", "tick: outset/congestion"),
    "a longer time at the close": ("outset/elapsed", "tick: outset/elapsed"),
    "another premium at the close": ("outset/premium[0]", "tick: outset/premium[*]", NEW_ROOT),
    "other open interest at the close": ("outset/open_interest[0]", "tick: outset/open_interest[*]", NEW_ROOT),
    "another base fee at the close": ("outset/base_fee[0]", "tick: outset/base_fee[*]", NEW_ROOT),
    "another maintenance factor": ("outset/maintenance_factor", "tick: factor/maintenance_factor/is_port", NEW_ROOT),
    "other oracle times": ("oracle_hash", "tick: oracle_after/is_port", NEW_ROOT),
}


def _told() -> Iterator[BatchForgery]:
    """Yield idle batches in which one of these values is one higher than it should be, and one that hides staleness."""
    inputs = give_inputs(get_idle())
    for name, (wire, *refused_by) in TOLD.items():
        yield _forgery(name, change_bus(inputs, {wire: inputs.bus[wire] + 1}), *refused_by)
    stale = give_inputs(Exchange().batch(signers=(2,)).trace)  # one signer of three
    assert stale.bus["table/stale"] == 1
    yield _forgery("stale prices called fresh", change_bus(stale, {"table/stale": 0}), "tick: stale/is_port")


def _publics() -> Iterator[BatchForgery]:
    inputs = give_inputs(get_day()[FILLS])
    for public, refusals in {
        "old_state_root": ["tick: before/state_root/is_public"],
        "new_state_root": ["close: new_state_root/is_public"],
        "params_hash": ["tick: params/hash/is_public"],
        "clock": ["tick: clock/is_port", "close: new_state_root/is_public"],
    }.items():
        changed = change_bus(inputs, {public: (inputs.bus[public] + 1) % R})
        yield _forgery(f"wrong {public}", changed, *refusals)
    trace = get_day()[FILLS]
    replayed = change_bus(inputs, {"old_state_root": trace.header_after.state_root})
    yield _forgery("the same batch a second time", replayed, "tick: before/state_root/is_public")
    skipped = replace(trace.header_after, batch_number=trace.header_after.batch_number + 1)
    yield _forgery(
        "a batch number skipped", give_inputs(replace(trace, header_after=skipped)), "tick: before/state_root/is_public"
    )


def _with_words(inputs: WitnessInputs, words: dict[int, int]) -> WitnessInputs:
    """Return the inputs with some of the bridge words changed."""
    return change_bus(inputs, {BRIDGE_PORTS[i]: word for i, word in words.items()})


def _bridges() -> Iterator[BatchForgery]:
    first, owner = BRIDGE[:2]
    deposits, drawn = give_inputs(get_day()[FILLS]), give_inputs(get_day()[CASH])
    hidden = _with_words(drawn, {0: 0, 1: 0})
    yield _forgery("withdrawal missing from the bridge", hidden, f"cash[0]: {first}", f"cash[0]: {owner}")
    less = _with_words(drawn, {0: drawn.bus["lane[0]/bridge[0]"] - (1 << 25)})
    yield _forgery("withdrawal smaller on the bridge", less, f"cash[0]: {first}")
    diverted = _with_words(drawn, {1: 0xBAD})
    yield _forgery("withdrawal paid to another owner", diverted, f"cash[0]: {owner}")
    invented = _with_words(drawn, {4: 2 + (9 << 4) + (10**6 << 25), 5: 0xBAD})
    yield _forgery("withdrawal added to a cancel's words", invented, f"cash[1]: {first}", f"cash[1]: {owner}")
    queued = _with_words(deposits, {0: deposits.bus["lane[0]/bridge[0]"] - (10**6 << 25)})
    yield _forgery("deposit larger than the queue's", queued, f"cash[0]: {first}")
    unqueued = _with_words(deposits, dict.fromkeys(range(4, 8), 0))
    refusals = [f"cash[1]: {name}" for name in BRIDGE]
    yield _forgery("deposit not in the queue", unqueued, *refusals)


def _totals() -> Iterator[BatchForgery]:
    trace = get_day()[FILLS]
    inputs, header = give_inputs(trace), trace.header_after
    uncounted = replace(header, queue_consumed=header.queue_consumed - 1)
    changes = _set_links(inputs, "queue", uncounted.queue_consumed, first=2)
    changes["new_state_root"] = uncounted.state_root
    yield _forgery("a deposit not counted", change_bus(inputs, changes), "cash[1]: totals/queue")
    used = inputs.bus[f"usage[{N_BRIDGE_LANES}]"]  # before the first TradeLane
    idle = change_bus(inputs, {f"usage[{N_BRIDGE_LANES + 1}]": used})
    yield _forgery("a fill that used nothing", idle, "trade[0]: totals/usage", "trade[1]: totals/usage")
    richer = replace(header, vault_e6=header.vault_e6 + 1)
    changes = _set_links(inputs, "vault", richer.vault_e6, first=2) | {"new_state_root": richer.state_root}
    yield _forgery("vault richer by one unit", change_bus(inputs, changes), "cash[1]: totals/vault")


def _chains() -> Iterator[BatchForgery]:
    trace, ledger = get_day()[FILLS], get_ledger(FILLS)
    inputs = give_inputs(trace)
    stale = ledger.tree.path(trace.cash_lanes[1].account_id)
    lane = replace(trace.cash_lanes[1], account_path=stale)
    forged = give_inputs(replace(trace, cash_lanes=(trace.cash_lanes[0], lane)))
    forged = change_bus(forged, {name: inputs.bus[name] for name in inputs.bus if name.startswith("accounts_root")})
    refusals = (f"cash[1]: {ROOT_IN}", f"cash[1]: {ROOT_OUT}")
    yield _forgery("a lane on the tree before the lane before it", forged, *refusals)
    elsewhere = change_bus(inputs, {"accounts_root[1]": ledger.tree.root})
    refusals = (f"cash[0]: {ROOT_OUT}", f"cash[1]: {ROOT_IN}")
    yield _forgery("a lane's result left out of the chain", elsewhere, *refusals)
    yield _twice_withdrawn()
    bus, privates = inputs.bus, inputs.privates
    swapped = WitnessInputs(bus, (privates[0], privates[2], privates[1], *privates[3:]))
    out_of_place = [
        f"cash[{i}]: {name}" for i in (0, 1) for name in (ROOT_IN, ROOT_OUT, *BRIDGE, "totals/vault", "data/operation")
    ]
    yield _forgery("cash lanes swapped", swapped, *out_of_place)


def _transfers() -> Iterator[BatchForgery]:
    """Yield batches that hold one leg of a transfer, each with another way to account for the other leg."""
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    ledger, honest = _ledger_of(exchange.state), exchange.state
    transfer = exchange.request(Transfer, 2, amount_e6=10**6, recipient=3)
    trace = exchange.batch(cash=[transfer]).trace
    exchange.state = honest
    sent, received = trace.cash_lanes
    unused = exchange.batch().trace.cash_lanes[0]

    def arrange(*lanes: CashLaneTrace) -> WitnessInputs:
        return give_inputs(rechain(replace(trace, cash_lanes=lanes), ledger)[0])

    pending = give_inputs(trace).bus["transfer[1]"]
    lost = arrange(sent, unused)
    yield _forgery("a transfer that nobody receives", lost, "cash[1]: transfer/in")
    yield _forgery("a transfer not sent on", change_bus(lost, {"transfer[1]": 0}), "cash[0]: transfer/out")
    kept = arrange(unused, sent)
    yield _forgery("a transfer sent out of the batch", kept, "close: totals/transfer_end")
    yield _forgery("a transfer sent to nobody", change_bus(kept, {"transfer[2]": 0}), "cash[1]: transfer/out")
    gained = arrange(received, unused)
    yield _forgery("a transfer that nobody sent", gained, "cash[0]: transfer/in")
    lent = change_bus(gained, {"transfer[0]": pending})
    yield _forgery("a transfer from before the batch", lent, "close: totals/transfer_start")
    passed_on = change_bus(arrange(unused, received), {"transfer[1]": pending})
    yield _forgery("a transfer out of an unused lane", passed_on, "cash[0]: transfer/out")
    doubled = arrange(received, received)
    refusals = ("cash[0]: transfer/in", "cash[1]: transfer/in")
    yield _forgery("a transfer received twice, sent by nobody", doubled, *refusals)


def _twice_withdrawn() -> BatchForgery:
    """A second lane spends the signature of the first."""
    batch = get_day()[CASH]
    first = batch.cash_lanes[0]
    assert isinstance(first.op, Withdraw)
    second: CashLaneTrace = replace(first, after=replace(first.after, cash_nonce=first.after.cash_nonce + 1))
    twice = replace(batch, cash_lanes=(first, second))
    forged, _ = rechain(twice, get_ledger(CASH))
    header = replace(forged.header_after, vault_e6=forged.header_after.vault_e6 - first.op.amount_e6)
    inputs = give_inputs(replace(forged, header_after=header))
    return _forgery("a withdrawal twice", inputs, "cash[1]: signature/r8/x", "cash[1]: signature/r8/y")


def _orders() -> Iterator[BatchForgery]:
    """Yield a trade 10 % above the mark, shown under the governed band and under a wide one; an unsigned order."""
    markets = (replace(PARAMS.markets[0], band_ppm=100_000), *PARAMS.markets[1:])
    wide: Params = replace(PARAMS, markets=markets)
    exchange, price = Exchange(params=wide), AVAX_PRICE * 11 // 10
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    trace = exchange.batch(orders=[exchange.order(2, 1_000, price), exchange.order(3, -1_000, price)]).trace
    assert trace.clearing_prices_ticks[0] == price
    beyond = give_inputs(replace(trace, params=PARAMS))
    band = ("tick: market[*]/band/above/sum", "tick: market[*]/band/above/less_than_a_tick/zeros[*]")
    yield _forgery("clearing price outside the band", beyond, *band)
    governed = change_bus(give_inputs(trace), {"params_hash": PARAMS.params_hash})
    yield _forgery("clearing price inside a band of its own", governed, "tick: params/hash/is_public")
    unsigned = {"order[0]/r8_x": 0, "order[0]/r8_y": 0, "order[0]/s": 0}
    inputs = change_private(give_inputs(get_day()[FILLS]), "trade[0]", unsigned)
    signature = (f"trade[0]: order[*]/signature/r8/{axis}" for axis in "xy")
    yield _forgery("order without a signature", inputs, *signature)


def _publications() -> Iterator[BatchForgery]:
    """Yield batches that publish something else than their lanes did, everything else following what is published."""
    fills, drawn = give_inputs(get_day()[FILLS]), give_inputs(get_day()[CASH])
    n_bridge, n_lanes = N_BRIDGE_LANES, N_BRIDGE_LANES + len(TINY.order_capacities)
    terms, named = (f"trade[0]: data/order[*]/{part}" for part in ("terms", "order"))
    account, order = "trade[0]: data/account", f"lane[{n_bridge}]"
    left_out = {f"{order}/data[{j}]": 0 for j in range(3)}
    yield _forgery("a fill left out of the data", change_bus(fills, left_out), account, terms, named)
    for name, j, change, refused_by in (
        ("a fill of another account in the data", 0, 1, account),
        ("a fill of one lot more in the data", 1, 1 << 5, terms),
        ("a fill of another market in the data", 1, 1, terms),
        ("a fill of another slot in the data", 2, 1, named),
        ("a fill of a nonce one step higher in the data", 2, 1 << 9, named),
        ("a fill of a greater tip in the data", 2, 1 << 17, named),
        ("a fill called a liquidation in the data", 2, 8 << 33, named),
    ):
        wire = f"{order}/data[{j}]"
        yield _forgery(name, change_bus(fills, {wire: fills.bus[wire] + change}), refused_by)
    invented = {f"lane[{n_lanes}]/data[0]": 7 << 4}
    yield _forgery("a fill of the fund invented in the data", change_bus(fills, invented), "fund: data/fill")
    rescued = {"lane[2]/data[0]": 1 + (7 << 4)}
    yield _forgery("a takeover invented in the data", change_bus(fills, rescued), "rescue[0]: data/operation")
    for name, change in {
        "a withdrawal called a transfer in the data": {"lane[0]/data[0]": drawn.bus["lane[0]/data[0]"] + 2},
        "a withdrawal of another account in the data": {"lane[0]/data[0]": drawn.bus["lane[0]/data[0]"] + (1 << 5)},
    }.items():
        yield _forgery(name, change_bus(drawn, change), "cash[0]: data/operation")
    more = {"lane[0]/data[1]": drawn.bus["lane[0]/data[1]"] + 1}
    yield _forgery("a withdrawal of one unit more in the data", change_bus(drawn, more), "cash[0]: data/operand_low")
    keyed = {"lane[0]/data[3]": 1}
    yield _forgery("a new key invented in the data", change_bus(drawn, keyed), "cash[0]: data/key_x/part[*]")
    swapped = {f"lane[{i}]/data[{j}]": drawn.bus[f"lane[{1 - i}]/data[{j}]"] for i in (0, 1) for j in range(13)}
    refusals = [f"cash[{i}]: data/{word}" for i in (0, 1) for word in ("operation", "operand_low")]
    yield _forgery("two operations in the other order in the data", change_bus(drawn, swapped), *refusals)


def _public_data() -> Iterator[BatchForgery]:
    """Yield batches whose public inputs are those of other data, or at another point."""
    inputs, other = give_inputs(get_day()[FILLS]), give_inputs(get_day()[CASH])
    for public, refused_by in {
        "data_commitment": ["commitment/is_public"],
        "blob_value_low": ["blob_value/low_is_public"],
        "blob_value_high": ["blob_value/high_is_public"],
        "bridge_value": ["bridge_value/is_public"],
        "clock_and_entries": ["clock_and_entries/is_public"],
    }.items():
        refusals = [f"data: {name}" for name in refused_by]
        changed = change_bus(inputs, {public: (inputs.bus[public] + 1) % R})
        yield _misdata(f"wrong {public}", changed, *refusals)
        borrowed = change_bus(inputs, {public: other.bus[public]})
        yield _misdata(f"{public} of another batch", borrowed, *refusals)
    moved = follow_data(change_bus(inputs, {"z": inputs.bus["z"] + 1}))
    chosen = change_bus(moved, {"z": inputs.bus["z"]})
    steps = [f"data: blob_value/power[*]/{name}" for name in ("low/sum", "high/sum", "modulo_r")]
    steps += [f"data: blob_value/window[*]/{name}" for name in ("low/sum", "high/sum", "modulo_r")]
    yield _misdata("values at a point of the prover's choice", chosen, *steps, "data: bridge_value/is_public")
    uncounted = change_bus(inputs, {"clock_and_entries": inputs.bus["clock"]})
    yield _misdata("entries consumed and not counted", uncounted, "data: clock_and_entries/is_public")
