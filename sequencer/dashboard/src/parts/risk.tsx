// What margin is asked for, who was liquidated, and what stands behind it.

import { ago, clock, percent, price, size, times, usd } from "../format";
import { to } from "../route";
import type { View } from "../store";
import type { Fill, MarketInfo, MarketPulse, Rescue } from "../wire";
import { Panel, Side, Table } from "./basics";

export function Margin({ view }: { view: View }) {
  const { fees, markets } = view.summary!;
  return (
    <Panel title="Margin requirements" note={`congestion ${percent(fees.congestion_ppm)}`}>
      <Table
        caption="Margin requirements by market"
        empty="No market is open."
        rows={markets}
        columns={[
          { head: "Market", isText: true, cell: (one) => one.info.name },
          { head: "Initial", cell: (one) => <Raised base={one.base_initial_ppm} now={one.info.initial_ppm} /> },
          { head: "Maintenance", cell: (one) => <Raised base={one.base_maintenance_ppm} now={one.info.maintenance_ppm} /> },
          { head: "Most leverage", cell: (one: MarketPulse) => `${(1e6 / one.info.initial_ppm).toFixed(1)}×` },
        ]}
      />
      <div class="meter" aria-hidden="true">
        <div class={fees.congestion_ppm > 500_000 ? "warn" : ""} style={{ width: percent(Math.min(1e6, fees.congestion_ppm)).replace(" ", "") }} />
        <i />
      </div>
      <p class="note">
        Above half of the capacity both fractions rise, up to 1.25 times: initial at once, maintenance an hour later.
      </p>
    </Panel>
  );
}

function Raised({ base, now }: { base: number; now: number }) {
  const factor = now / base;
  return (
    <>
      {percent(now, 2)} {factor > 1.0005 && <span class="warn">{times(factor)}</span>}
    </>
  );
}

/** Batches whose takeovers and deleveragings were before this process began: nobody remembers whose. */
function Unnamed({ view }: { view: View }) {
  const named = new Set(view.rescues.map((rescue) => rescue.batch_number));
  const batches = view.batches.filter((batch) => batch.rescues > 0 && !named.has(batch.number)).slice(0, 8);
  if (!batches.length) return null;
  return (
    <p class="note">
      Takeovers by the fund and deleveragings before that in batches{" "}
      {batches.map((batch, place) => <>{place > 0 && ", "}<a href={to("batch", batch.number)}>{batch.number}</a></>)}.
    </p>
  );
}

/** What befell an account, market by market. */
interface Blow {
  told: Fill | Rescue;
  what: string;
  note: string;
  market: number | null;
  lots: number; // below 0: sold
  ticks: number;
  penalty: string;
}

function fromFill(fill: Fill): Blow {
  const lots = fill.side ? -fill.size_lots : fill.size_lots;
  const penalty = usd(fill.trading_fee_atoms);
  return { told: fill, what: "Liquidated", note: "", market: fill.market, lots, ticks: fill.price_ticks, penalty };
}

/** Whose positions went all at once, at the mark: to the fund, or to counterparties. */
function fromRescue(rescue: Rescue): Blow[] {
  const what = rescue.kind === "takeover" ? "Taken over" : "Deleveraged";
  const missing = rescue.equity_atoms.startsWith("-") ? `owed ${usd(rescue.equity_atoms.slice(1))}` : "";
  const blow = { told: rescue, what, note: missing, penalty: "-" };
  if (!rescue.positions.length) return [{ ...blow, market: null, lots: 0, ticks: 0 }];
  return rescue.positions.map((gone) => ({ ...blow, market: gone.market, lots: -gone.size_lots, ticks: gone.price_ticks }));
}

function What({ blow }: { blow: Blow }) {
  const note = blow.note && <span class="note below">{blow.note}</span>;
  return blow.what === "Liquidated" ? <>{blow.what}</> : <span class="bad">{blow.what}{note}</span>;
}

export function Liquidations({ view }: { view: View }) {
  const now_ms = view.summary!.time_ms;
  const blows = [...view.liquidations.map(fromFill), ...view.rescues.flatMap(fromRescue)];
  blows.sort((one, other) => other.told.batch_number - one.told.batch_number);
  const find = (blow: Blow): MarketInfo | undefined =>
    view.summary!.markets.find((one) => one.info.market === blow.market)?.info;
  return (
    <Panel title="Liquidations" note="takeovers and deleveragings too; the last 50 since this process began">
      <Table
        caption="Liquidations, takeovers and deleveragings, newest first"
        empty="Nobody was liquidated since this process began."
        rows={blows.slice(0, 12)}
        columns={[
          { head: "When", isText: true, cell: ({ told }) => <span title={clock(told.timestamp_s * 1000)}>{ago(told.timestamp_s, now_ms)}</span> },
          { head: "Account", cell: ({ told }) => <a href={to("account", told.account)}>{told.account}</a> },
          { head: "What", isText: true, cell: (blow) => <What blow={blow} /> },
          { head: "Side", isText: true, cell: (blow) => (blow.market === null ? "-" : <Side side={blow.lots < 0 ? 1 : 0} />) },
          { head: "Size", cell: (blow) => { const info = find(blow); return info ? size(Math.abs(blow.lots), info) : Math.abs(blow.lots); } },
          { head: "Price", cell: (blow) => { const info = find(blow); return info ? price(blow.ticks, info) : blow.ticks; } },
          { head: "Penalty", cell: (blow) => blow.penalty },
          { head: "Batch", cell: ({ told }) => <a href={to("batch", told.batch_number)}>{told.batch_number}</a> },
        ]}
      />
      <Unnamed view={view} />
    </Panel>
  );
}
