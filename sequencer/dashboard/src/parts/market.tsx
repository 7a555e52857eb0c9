// A market: its price over the last minutes, its book, where it clears.

import { useMemo, useState } from "preact/hooks";
import { clock, count, percent, price, priceDigits, size } from "../format";
import type { View } from "../store";
import type { Fill, Level, MarketHistory, MarketPulse } from "../wire";
import { Panel } from "./basics";
import { Chart, type Line } from "./chart";

export function Markets({ view }: { view: View }) {
  const [chosen, choose] = useState(0);
  const markets = view.summary?.markets ?? [];
  const market = markets.find((one) => one.info.market === chosen) ?? markets[0];
  if (!market) return <Panel title="Market"><p class="empty">No market is open.</p></Panel>;
  return (
    <Panel title={market.info.name} class="market" note={<Change view={view} market={market} />}>
      {markets.length > 1 && (
        <div class="tabs" role="group" aria-label="Markets">
          {markets.map(({ info }) => (
            <button type="button" aria-pressed={info.market === market.info.market} onClick={() => choose(info.market)}>
              {info.name}
            </button>
          ))}
        </div>
      )}
      <div class="market-body">
        <Prices view={view} market={market} />
        <Book market={market} />
      </div>
    </Panel>
  );
}

function Change({ view, market }: { view: View; market: MarketPulse }) {
  const marks = findHistory(view, market)?.marks ?? [];
  const first = marks[0];
  if (first === undefined || marks.length < 2) return null;
  const change = (market.info.mark_ticks / first - 1) * 100;
  const from = clock(view.past.times_ms[0] ?? 0);
  return <span class={change < 0 ? "sell" : "buy"}>{`${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(2)} % since ${from}`}</span>;
}

const findHistory = (view: View, market: MarketPulse): MarketHistory | undefined =>
  view.past.markets.find((one) => one.market === market.info.market);

function findLiquidations(times_ms: number[], fills: Fill[], market: number, scale: number): (number | null)[] {
  const points: (number | null)[] = times_ms.map(() => null);
  for (const fill of fills) {
    const place = times_ms.findIndex((time) => time >= fill.timestamp_s * 1000);
    if (fill.market === market && place >= 0) points[place] = fill.price_ticks / scale;
  }
  return points;
}

function Prices({ view, market }: { view: View; market: MarketPulse }) {
  const { info } = market;
  const history = findHistory(view, market);
  const scale = 10 ** info.price_decimals;
  const { times_ms } = view.past;
  const lines = useMemo((): Line[] => {
    const spell = (ticks: number[] | undefined) => (ticks ?? []).map((value) => value / scale);
    return [
      { label: "Cleared at", values: spell(history?.clearing), color: "--text", isStepped: true },
      { label: "Mark", values: spell(history?.marks), color: "--accent" },
      {
        label: "Liquidations",
        values: findLiquidations(times_ms, view.liquidations, info.market, scale),
        color: "--sell",
        isPoints: true,
      },
    ];
  }, [times_ms, view.liquidations, info.market]);
  const auction = view.auctions[info.market];
  const marks = history?.marks ?? [];
  const heard = `Mark price of ${info.name}: now ${price(info.mark_ticks, info)} USD, ${clock(times_ms[0] ?? 0)} ${price(marks[0] ?? info.mark_ticks, info)} USD`;
  return (
    <div class="prices">
      <dl class="quotes">
        <div><dt><i class="key mark" />Mark</dt><dd>{price(info.mark_ticks, info)}</dd></div>
        <div>
          <dt><i class="key cleared" />Last cleared at</dt>
          <dd>{price(info.clearing_price_ticks, info)}{auction && <span class="note below">{size(auction.volume_lots, info)} in batch {count(auction.batch_number)}</span>}</dd>
        </div>
        <div><dt>Would clear now at</dt><dd>{price(info.indicative_price_ticks, info)}</dd></div>
        <div><dt>Open interest</dt><dd>{size(info.open_interest_lots, info)}</dd></div>
        <div><dt>Funding, 8 h</dt><dd>{sayFunding(market)}</dd></div>
        <div><dt><i class="key liquidated" />Liquidations</dt><dd>{count(view.liquidations.filter((one) => one.market === info.market).length)}</dd></div>
      </dl>
      <Chart label={heard} times_ms={times_ms} lines={lines} height={260} format={(value) => value.toFixed(priceDigits(info))} />
    </div>
  );
}

/** What longs pay shorts in eight hours, of a position's worth; below 0 shorts pay. */
function sayFunding({ funding_rate_e12 }: MarketPulse): string {
  const rate_ppm = Number(funding_rate_e12) / 1e6;
  return `${rate_ppm > 0 ? "+" : ""}${percent(rate_ppm, 4)}`;
}

function Book({ market }: { market: MarketPulse }) {
  const { info, bids, asks } = market;
  const most = Math.max(1, ...[...bids, ...asks].map((level) => Number(level.size_lots)));
  const row = (side: "bid" | "ask") => (level: Level) => (
    <tr class={side} style={{ "--share": `${(100 * Number(level.size_lots)) / most}%` }}>
      <td class={side === "bid" ? "buy" : "sell"}>{price(level.price_ticks, info)}</td>
      <td class="num">{size(level.size_lots, info)}</td>
      <td class="num soft">{count(level.orders)}</td>
    </tr>
  );
  const best = { ask: asks[0]?.price_ticks, bid: bids[0]?.price_ticks };
  const spread = best.ask !== undefined && best.bid !== undefined ? best.ask - best.bid : null;
  return (
    <div class="book">
      <table>
        <caption class="unseen">Resting orders of {info.name}, by price</caption>
        <thead>
          <tr><th scope="col">Price, USD</th><th scope="col" class="num">Size</th><th scope="col" class="num">Orders</th></tr>
        </thead>
        <tbody>{[...asks].reverse().map(row("ask"))}</tbody>
        <tbody class="spread">
          <tr>
            <td colSpan={3}>
              {spread === null ? "no two sides" : spread <= 0 ? "crossed: the next auction clears it" : `spread ${percent((1e6 * spread) / info.mark_ticks, 2)}`}
            </td>
          </tr>
        </tbody>
        <tbody>{bids.map(row("bid"))}</tbody>
      </table>
      {!bids.length && !asks.length && <p class="empty">Nobody rests an order here.</p>}
    </div>
  );
}
