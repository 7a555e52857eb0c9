// All that the pages show, as the node last told it. A connection begins with a snapshot, which takes the place of
// everything: no figure outlives the connection, or the process, that it came from.

import { useEffect, useState } from "preact/hooks";
import { BASE } from "./api";
import type { Auction, Batch, Facts, Fill, MarketHistory, Past, Rescue, Snapshot, Summary } from "./wire";

const MAX_SAMPLES = 600;
const MAX_SETTLED = 40;
const MAX_REMEMBERED = 50;
const SILENCE_MS = 5_000; // a live node says something every second
const AGAIN_MS = 1_000;

export interface View {
  link: "connecting" | "live" | "lost";
  connection: number; // counts connections: whoever fetched something by one fetches it again by the next
  restarted_ms: number | null; // when another process of the node answered
  heard_ms: number;
  facts: Facts | null;
  summary: Summary | null;
  past: Past;
  batches: Batch[]; // newest first
  liquidations: Fill[]; // newest first
  rescues: Rescue[]; // newest first
  auctions: Record<number, Auction>;
}

const EMPTY: Past = { times_ms: [], markets: [], base_fees: [], congestion_ppm: [], backlog_batches: [], fund_atoms: [] };

let view: View = {
  link: "connecting",
  connection: 0,
  restarted_ms: null,
  heard_ms: 0,
  facts: null,
  summary: null,
  past: EMPTY,
  batches: [],
  liquidations: [],
  rescues: [],
  auctions: {},
};
const listeners = new Set<() => void>();
let isDue = false;

function set(change: Partial<View>): void {
  view = { ...view, ...change };
  if (isDue) return;
  isDue = true; // many events, one drawing; a timer, for a hidden tab draws no frames
  setTimeout(() => {
    isDue = false;
    for (const listener of listeners) listener();
  }, 16);
}

export function useView(): View {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return view;
}

function begin(snapshot: Snapshot): void {
  const { facts } = snapshot;
  if (view.facts && view.facts.page !== facts.page) {
    location.reload(); // the node serves another version of this page
    return;
  }
  const isOther = view.facts !== null && view.facts.instance !== facts.instance;
  set({
    link: "live",
    connection: view.connection + 1,
    restarted_ms: isOther ? Date.now() : view.restarted_ms,
    auctions: {},
    ...snapshot,
  });
}

const last = <T>(values: T[], value: T): T[] => [...values.slice(1 - MAX_SAMPLES), value];

function lengthen(past: Past, summary: Summary): Past {
  const { base_fees, congestion_ppm } = summary.fees;
  const known = new Map(past.markets.map((market) => [market.market, market]));
  const markets = summary.markets.map(({ info }): MarketHistory => {
    const none = past.times_ms.map(() => NaN); // a market that was opened since
    const before = known.get(info.market) ?? { marks: none, clearing: none, indicative: none };
    return {
      market: info.market,
      marks: last(before.marks, info.mark_ticks),
      clearing: last(before.clearing, info.clearing_price_ticks),
      indicative: last(before.indicative, info.indicative_price_ticks),
    };
  });
  return {
    times_ms: last(past.times_ms, summary.time_ms),
    markets,
    base_fees: last(past.base_fees, [Number(base_fees[0]), Number(base_fees[1]), Number(base_fees[2])]),
    congestion_ppm: last(past.congestion_ppm, congestion_ppm),
    backlog_batches: last(past.backlog_batches, summary.backlog_batches),
    fund_atoms: last(past.fund_atoms, Number(summary.fund_atoms)),
  };
}

function place(batches: Batch[], batch: Batch): Batch[] {
  const others = batches.filter((one) => one.number !== batch.number);
  const sorted = [...others, batch].sort((one, other) => other.number - one.number);
  let settled = 0;
  return sorted.filter((one) => one.stage !== "settled" || ++settled <= MAX_SETTLED);
}

function open(): void {
  const source = new EventSource(`${BASE}events`);
  let silence = 0;
  const lose = () => {
    clearTimeout(silence);
    source.close();
    if (view.link !== "lost") set({ link: "lost" });
    setTimeout(open, AGAIN_MS);
  };
  const hear = () => {
    clearTimeout(silence);
    silence = window.setTimeout(lose, SILENCE_MS);
    view.heard_ms = Date.now();
  };
  const on = <T>(name: string, take: (told: T) => void) =>
    source.addEventListener(name, (event) => {
      hear();
      take(JSON.parse((event as MessageEvent<string>).data) as T);
    });
  hear();
  source.onerror = lose; // the browser's own way back gives up where a proxy answers 503
  on<Snapshot>("snapshot", begin);
  on<Summary>("summary", (summary) => set({ summary, past: lengthen(view.past, summary) }));
  on<Batch>("batch", (batch) => set({ batches: place(view.batches, batch) }));
  on<Auction>("auction", (auction) => set({ auctions: { ...view.auctions, [auction.market]: auction } }));
  on<Fill>("liquidation", (fill) => set({ liquidations: [fill, ...view.liquidations].slice(0, MAX_REMEMBERED) }));
  on<Rescue>("rescue", (rescue) => set({ rescues: [rescue, ...view.rescues].slice(0, MAX_REMEMBERED) }));
}

export const connect = open;
