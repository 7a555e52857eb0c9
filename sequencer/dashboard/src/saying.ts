// The one line at the top: what the node is doing, in words.

import { percent, plural, seconds, times } from "./format";
import type { View } from "./store";
import type { MarketPulse, Summary } from "./wire";

export type Mood = "good" | "busy" | "bad" | "off";

export interface Saying {
  mood: Mood;
  word: string; // of the mood
  parts: string[];
}

const RECENT_S = 60;
const WORTH_SAYING = 0.02; // of the price
const BEHIND = 4; // batches without a proof from which on it is worth a word

export const ratio = (market: MarketPulse): number => market.info.initial_ppm / market.base_initial_ppm;

export interface Distress {
  liquidations: number;
  rescues: number; // takeovers and deleveragings
}

/** Return what befell accounts in the last minute. */
export function countRecent(view: View): Distress {
  const since_s = (view.summary?.time_ms ?? 0) / 1000 - RECENT_S;
  const batches = view.batches.filter((batch) => batch.timestamp_s >= since_s);
  return {
    liquidations: view.liquidations.filter((fill) => fill.timestamp_s >= since_s).length,
    rescues: batches.reduce((sum, batch) => sum + batch.rescues, 0),
  };
}

/** Return the market whose mark moved furthest in the last minute, in words; null where none moved by much. */
function sayMove(view: View): string | null {
  const { times_ms, markets } = view.past;
  const since_ms = (view.summary?.time_ms ?? 0) - 1000 * RECENT_S;
  const place = Math.max(0, times_ms.findIndex((time) => time >= since_ms));
  let furthest = 0;
  let name = "";
  for (const { info } of view.summary?.markets ?? []) {
    const before = markets.find((one) => one.market === info.market)?.marks[place];
    const move = before ? info.mark_ticks / before - 1 : 0;
    if (Math.abs(move) > Math.abs(furthest)) [furthest, name] = [move, info.name];
  }
  if (Math.abs(furthest) < WORTH_SAYING) return null;
  return `${name} ${furthest < 0 ? "down" : "up"} ${percent(Math.abs(furthest) * 1e6)} in the last minute`;
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

function sayPace({ batches_resume_s, interval_s }: Summary): string {
  if (batches_resume_s > 0) return `No batches for ${seconds(batches_resume_s)}: the last one's time is in the future`;
  return interval_s === null ? "No trades in the last minute" : `Clearing every ${seconds(interval_s)}`;
}

export function say(view: View): Saying {
  const { summary, link } = view;
  if (!summary) return { mood: "off", word: link === "lost" ? "No connection" : "Connecting", parts: ["asking the node"] };
  if (link === "lost") return { mood: "off", word: "No connection", parts: ["the node does not answer; trying again"] };
  const { liquidations, rescues } = countRecent(view);
  const move = sayMove(view);
  const margin = sayMargin(summary.markets, summary.fees.congestion_ppm);
  const parts = [sayPace(summary), sayProofs(summary.backlog_batches)];
  if (move) parts.push(move);
  if (liquidations) parts.push(`${plural(liquidations, "liquidation")} in the last minute`);
  if (rescues) parts.push(`${plural(rescues, "takeover or deleveraging", "takeovers or deleveragings")}`);
  if (margin) parts.push(margin);
  if (summary.withdraw_only) parts.push("only withdrawals are taken");
  if (summary.alarms.length) return { mood: "bad", word: plural(summary.alarms.length, "alarm"), parts };
  if (summary.withdraw_only) return { mood: "bad", word: "Closing only", parts };
  if (liquidations || rescues) return { mood: "busy", word: "Liquidating", parts };
  if (summary.backlog_batches >= BEHIND || margin) return { mood: "busy", word: "Busy", parts };
  return { mood: "good", word: summary.interval_s === null ? "Quiet" : "Live", parts };
}
