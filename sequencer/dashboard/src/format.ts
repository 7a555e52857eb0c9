// Exact integers in, text out. Amounts are integers of the ledger (docs/rules.md); nothing is computed with the text.

import type { Big, MarketInfo } from "./wire";

const ATOMS = 18;
const group = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (value: number): string => group.format(value);

/** Return value / 10**decimals with so many digits behind the point, cut off. */
export function fixed(value: bigint, decimals: number, shown: number): string {
  const sign = value < 0n ? "−" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = group.format(BigInt(digits.slice(0, digits.length - decimals)));
  const rest = digits.slice(digits.length - decimals, digits.length - decimals + shown).padEnd(shown, "0");
  return sign + whole + (shown ? `.${rest}` : "");
}

export const usd = (atoms: Big | bigint, shown = 2): string => fixed(BigInt(atoms), ATOMS, shown);
export const usdE6 = (amount: Big, shown = 2): string => fixed(BigInt(amount), 6, shown);

/** Return how many digits of a market's prices are worth showing: five or six significant ones. */
export function priceDigits(info: MarketInfo): number {
  const price = info.mark_ticks / 10 ** info.price_decimals;
  return Math.min(info.price_decimals, price >= 1000 ? 2 : price >= 100 ? 3 : price >= 1 ? 4 : 6);
}

export const price = (ticks: number, info: MarketInfo): string =>
  fixed(BigInt(ticks), info.price_decimals, priceDigits(info));

/** Return a size in the market's base: three decimals, fewer where they are zeros. */
export function size(lots: Big | number | bigint, info: MarketInfo): string {
  return trim(fixed(BigInt(lots), info.size_decimals, Math.min(3, info.size_decimals)));
}

const trim = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

export const percent = (ppm: number, shown = 1): string => `${(ppm / 10_000).toFixed(shown)} %`;
export const times = (value: number): string => `${value.toFixed(2)}×`;

/** Return a base fee, atoms a unit, in millionths of a USD. */
export function fee(atoms: number): string {
  const millionths = atoms / 1e12;
  return millionths >= 100 ? count(millionths) : millionths.toFixed(2);
}

export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

export const clock = (time_ms: number): string => new Date(time_ms).toLocaleTimeString("en-GB");
export const ago = (time_s: number, now_ms: number): string => `${seconds(Math.max(0, now_ms / 1000 - time_s))} ago`;
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** Return a field element in hexadecimal, 0x and 64 digits. */
export const hex = (value: Big): string => `0x${BigInt(value).toString(16).padStart(64, "0")}`;
export const short = (text: string): string => (text.length > 20 ? `${text.slice(0, 10)}…${text.slice(-6)}` : text);
