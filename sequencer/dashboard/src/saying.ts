// The one line at the top: what the node is doing, in words.

import { percent, plural, seconds, times } from "./format";
import type { View } from "./store";
import type { MarketPulse } from "./wire";

export type Mood = "good" | "busy" | "bad" | "off";

export interface Saying {
  mood: Mood;
  word: string; // of the mood
  parts: string[];
}

const RECENT_S = 60;
const BEHIND = 4; // batches without a proof from which on it is worth a word

export const ratio = (market: MarketPulse): number => market.info.initial_ppm / market.base_initial_ppm;

export function countRecent(view: View): number {
  const since_s = (view.summary?.time_ms ?? 0) / 1000 - RECENT_S;
  return view.liquidations.filter((fill) => fill.timestamp_s >= since_s).length;
}

function sayMargin(markets: MarketPulse[], congestion_ppm: number): string | null {
  const top = markets.reduce<MarketPulse | null>((best, one) => (!best || ratio(one) > ratio(best) ? one : best), null);
  if (!top || ratio(top) < 1.005) return null;
  const busy = `the rollup is busy (congestion ${percent(congestion_ppm, 0)})`;
  const reason = congestion_ppm > 500_000 ? busy : `open interest in ${top.info.name} is high`;
  return `margin requirements ${times(ratio(top))} because ${reason}`;
}

function sayProofs(waiting: number): string {
  if (waiting === 0) return "every batch is proved";
  return `${plural(waiting, "batch", "batches")} ${waiting === 1 ? "waits" : "wait"} for a proof`;
}

export function say(view: View): Saying {
  const { summary, link } = view;
  if (!summary) return { mood: "off", word: link === "lost" ? "No connection" : "Connecting", parts: ["asking the node"] };
  if (link === "lost") return { mood: "off", word: "No connection", parts: ["the node does not answer; trying again"] };
  const pace = summary.interval_s === null ? "No trades in the last minute" : `Clearing every ${seconds(summary.interval_s)}`;
  const liquidations = countRecent(view);
  const margin = sayMargin(summary.markets, summary.fees.congestion_ppm);
  const parts = [pace, sayProofs(summary.backlog_batches)];
  if (liquidations) parts.push(`${plural(liquidations, "liquidation")} in the last minute`);
  if (margin) parts.push(margin);
  if (summary.withdraw_only) parts.push("only withdrawals are taken");
  if (summary.alarms.length) return { mood: "bad", word: plural(summary.alarms.length, "alarm"), parts };
  if (summary.withdraw_only) return { mood: "bad", word: "Closing only", parts };
  if (liquidations) return { mood: "busy", word: "Liquidating", parts };
  if (summary.backlog_batches >= BEHIND || margin) return { mood: "busy", word: "Busy", parts };
  return { mood: "good", word: summary.interval_s === null ? "Quiet" : "Live", parts };
}
