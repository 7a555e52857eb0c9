// What margin is asked for, who was liquidated, and what stands behind it.

import { ago, clock, percent, price, size, times, usd } from "../format";
import { to } from "../route";
import type { View } from "../store";
import type { Fill, MarketPulse } from "../wire";
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

/** Batches in which accounts without hope were taken over by the fund, or set off against others. */
function Rescues({ view }: { view: View }) {
  const batches = view.batches.filter((batch) => batch.rescues > 0).slice(0, 8);
  if (!batches.length) return null;
  return (
    <p class="note">
      Takeovers by the fund and deleveragings in batches{" "}
      {batches.map((batch, place) => <>{place > 0 && ", "}<a href={to("batch", batch.number)}>{batch.number}</a></>)}.
    </p>
  );
}

export function Liquidations({ view }: { view: View }) {
  const now_ms = view.summary!.time_ms;
  const find = (fill: Fill) => view.summary!.markets.find((one) => one.info.market === fill.market)?.info;
  return (
    <Panel title="Liquidations" note="last 50 since this process began">
      <Table
        caption="Liquidations, newest first"
        empty="Nobody was liquidated since this process began."
        rows={view.liquidations.slice(0, 12)}
        columns={[
          { head: "When", isText: true, cell: (one) => <span title={clock(one.timestamp_s * 1000)}>{ago(one.timestamp_s, now_ms)}</span> },
          { head: "Account", cell: (one) => <a href={to("account", one.account)}>{one.account}</a> },
          { head: "Side", isText: true, cell: (one) => <Side side={one.side} /> },
          { head: "Size", cell: (one) => { const info = find(one); return info ? size(one.size_lots, info) : one.size_lots; } },
          { head: "Price", cell: (one) => { const info = find(one); return info ? price(one.price_ticks, info) : one.price_ticks; } },
          { head: "Penalty", cell: (one) => usd(one.trading_fee_atoms) },
          { head: "Batch", cell: (one) => <a href={to("batch", one.batch_number)}>{one.batch_number}</a> },
        ]}
      />
      <Rescues view={view} />
    </Panel>
  );
}
