import { useState } from "preact/hooks";
import { BASE, explain, post } from "../api";
import { clock, count, hex, price, size, usd, usdE6 } from "../format";
import { Hash, Panel, Side, Table, Tile } from "../parts/basics";
import { useFetched } from "../parts/fetched";
import { to } from "../route";
import type { View } from "../store";
import type { Account, Fill, InclusionVerdict, MarketInfo, OpenOrder } from "../wire";

const NAMES: Record<number, string> = { 0: "Insurance fund", 1: "Treasury" };

export function AccountPage({ view, number }: { view: View; number: number }) {
  const batch = `${view.connection}-${view.summary?.batch_number}`;
  const records = `${view.connection}-${view.summary?.sequence}`;
  const account = useFetched<Account>(`accounts/${number}`, batch);
  const orders = useFetched<{ orders: OpenOrder[] }>(`accounts/${number}/orders`, records);
  const fills = useFetched<{ fills: Fill[] }>(`accounts/${number}/fills?limit=20`, batch);
  const find = (market: number) => view.summary?.markets.find((one) => one.info.market === market)?.info;
  return (
    <>
      <h1 tabIndex={-1}>{NAMES[number] ?? "Account"} <span class="soft">{number}</span></h1>
      {account.error && <p class="empty">{account.error}</p>}
      {account.value && <Standing account={account.value} />}
      {account.value && <Positions account={account.value} find={find} />}
      <Orders orders={orders.value?.orders ?? []} find={find} />
      <Fills fills={fills.value?.fills ?? []} find={find} />
      {account.value && number > 1 && <Inclusion key={`${number}-${view.connection}`} number={number} />}
    </>
  );
}

type Find = (market: number) => MarketInfo | undefined;
const share = (part: string, whole: string): number =>
  BigInt(whole) > 0n ? Number((1000n * BigInt(part)) / BigInt(whole)) / 10 : BigInt(part) > 0n ? 100 : 0;

function Standing({ account }: { account: Account }) {
  const used = share(account.maintenance_atoms, account.equity_atoms);
  const tone = used >= 80 ? "bad" : used >= 50 ? "warn" : "";
  return (
    <Panel title="Margin" note={`as batch ${count(account.batch_number)} left it, at the marks of now`}>
      <dl class="tiles">
        <Tile label="Equity, USD" value={usd(account.equity_atoms)} />
        <Tile label="Free collateral, USD" value={usdE6(account.free_collateral_e6)} note="could be withdrawn" />
        <Tile label="Initial, USD" value={usd(account.initial_atoms)} note="to open or add" />
        <Tile label="Maintenance, USD" value={usd(account.maintenance_atoms)} note="below it: liquidation" />
        <Tile label="Maintenance of equity" value={`${used.toFixed(1)} %`} tone={tone} note="100 %: liquidated">
          <div class="meter" aria-hidden="true"><div class={tone} style={{ width: `${Math.min(100, Math.max(0, used))}%` }} /></div>
        </Tile>
      </dl>
    </Panel>
  );
}

function Positions({ account, find }: { account: Account; find: Find }) {
  return (
    <Panel title="Positions">
      <Table
        caption="Positions"
        empty="No position is open."
        rows={account.positions}
        columns={[
          { head: "Market", isText: true, cell: (one) => find(one.market)?.name ?? one.market },
          { head: "Side", isText: true, cell: (one) => <span class={one.size_lots < 0 ? "sell" : "buy"}>{one.size_lots < 0 ? "Short" : "Long"}</span> },
          { head: "Size", cell: (one) => { const info = find(one.market); return info ? size(Math.abs(one.size_lots), info) : one.size_lots; } },
          { head: "Mark", cell: (one) => { const info = find(one.market); return info ? price(one.mark_ticks, info) : one.mark_ticks; } },
          { head: "Notional, USD", cell: (one) => usd(one.notional_atoms) },
          { head: "Liquidated at", cell: (one) => { const info = find(one.market); return one.liquidation_price_ticks === null ? "no price" : info ? price(one.liquidation_price_ticks, info) : one.liquidation_price_ticks; } },
        ]}
      />
    </Panel>
  );
}

function spellFlags(order: OpenOrder): string {
  const flags = [order.flags & 1 && "IOC", order.flags & 2 && "reduce-only", order.flags & 4 && "post-only", order.is_quote && "quote"];
  return flags.filter(Boolean).join(", ");
}

function Orders({ orders, find }: { orders: OpenOrder[]; find: Find }) {
  const inMarket = (one: OpenOrder, spell: (info: MarketInfo) => string) => { const info = find(one.market); return info ? spell(info) : "–"; };
  return (
    <Panel title="Open orders" note={count(orders.length)}>
      <Table
        caption="Open orders, by slot"
        empty="No order rests or waits."
        rows={orders}
        columns={[
          { head: "Slot", cell: (one) => one.slot },
          { head: "Market", isText: true, cell: (one) => find(one.market)?.name ?? one.market },
          { head: "Side", isText: true, cell: (one) => <Side side={one.side} /> },
          { head: "Size", cell: (one) => inMarket(one, (info) => size(one.size_lots, info)) },
          { head: "Filled", cell: (one) => inMarket(one, (info) => size(one.filled_lots, info)) },
          { head: "Limit", cell: (one) => inMarket(one, (info) => price(one.limit_ticks, info)) },
          { head: "Kind", isText: true, cell: (one) => spellFlags(one) },
          { head: "Trigger", isText: true, cell: (one) => (one.trigger ? inMarket(one, (info) => `mark ${one.trigger!.is_above ? "≥" : "≤"} ${price(one.trigger!.price_ticks, info)}`) : "") },
        ]}
      />
    </Panel>
  );
}

function Fills({ fills, find }: { fills: Fill[]; find: Find }) {
  return (
    <Panel title="Last fills">
      <Table
        caption="Last fills, newest first"
        empty="Nothing was filled lately."
        rows={fills}
        columns={[
          { head: "Time", isText: true, cell: (one) => clock(one.timestamp_s * 1000) },
          { head: "Side", isText: true, cell: (one) => <Side side={one.side} /> },
          { head: "Size", cell: (one) => { const info = find(one.market); return info ? size(one.size_lots, info) : one.size_lots; } },
          { head: "Price", cell: (one) => { const info = find(one.market); return info ? price(one.price_ticks, info) : one.price_ticks; } },
          { head: "Fees, USD", cell: (one) => usd(BigInt(one.charge_atoms) + BigInt(one.trading_fee_atoms), 4) },
          { head: "", isText: true, cell: (one) => one.is_liquidation && <span class="sell">liquidation</span> },
          { head: "Batch", cell: (one) => <a href={to("batch", one.batch_number)}>{one.batch_number}</a> },
        ]}
      />
    </Panel>
  );
}

function Inclusion({ number }: { number: number }) {
  const [verdict, setVerdict] = useState<InclusionVerdict | null>(null);
  const [error, setError] = useState<string | null>(null);
  const check = () => {
    setError(null);
    post<InclusionVerdict>(`inclusion/${number}/verify`).then(setVerdict, (refused: unknown) => setError(explain(refused)));
  };
  return (
    <Panel title="Inclusion proof">
      <p>
        Hashes from this account's fields up to the state root: whoever has it and knows the root can show what this
        account holds, whatever becomes of this node.
      </p>
      <p class="actions">
        <a class="button" href={`${BASE}inclusion/${number}`} download={`account-${number}.inclusion.json`}>Download</a>
        <button type="button" onClick={check}>Check it in the node</button>
      </p>
      <div aria-live="polite">
        {error && <p class="verdict bad">{error}</p>}
        {verdict && (
          <p class={`verdict ${verdict.is_valid ? "good" : "bad"}`}>
            <strong>{verdict.is_valid ? "The state holds this account." : "This proof leads to another root."}</strong>{" "}
            {count(verdict.proof_bytes)} bytes lead to the root of batch {count(verdict.batch_number)}, checked in {verdict.verify_ms.toFixed(1)} ms.{" "}
            {verdict.is_settled ? "That batch is settled: the contract has this root." : "That batch is not settled yet."}{" "}
            <Hash text={hex(verdict.state_root)} />
          </p>
        )}
      </div>
      <p class="note">Not to rely on this node: <code>zkmargin account verify FILE --root ROOT</code>, with the root from the contract.</p>
    </Panel>
  );
}
