// What the node sends: docs/api.md, and the OpenAPI document at /v1/openapi.json. A Big is an integer in decimal.

export type Big = string;
export type Stage = "sequenced" | "proving" | "proved" | "settled";

export interface Level {
  price_ticks: number;
  size_lots: Big;
  orders: number;
}

export interface MarketInfo {
  market: number;
  name: string;
  size_decimals: number;
  price_decimals: number;
  mark_ticks: number;
  clearing_price_ticks: number;
  indicative_price_ticks: number;
  funding_index: Big;
  premium_e12: Big;
  open_interest_lots: Big;
  initial_ppm: number;
  maintenance_ppm: number;
}

export interface MarketPulse {
  info: MarketInfo;
  base_initial_ppm: number;
  base_maintenance_ppm: number;
  funding_rate_e12: Big;
  bids: Level[];
  asks: Level[];
}

export interface Fees {
  base_fees: [Big, Big, Big];
  order_fee_e6: Big;
  cash_fee_e6: Big;
  leaf_fee_e6: Big;
  congestion_ppm: number;
  forecast_order_fee_e6: [Big, Big][];
}

export interface Summary {
  time_ms: number;
  batch_number: number;
  sequence: number;
  backlog_batches: number;
  interval_s: number | null;
  withdraw_only: boolean;
  batches_resume_s: number;
  alarms: string[];
  fund_atoms: Big;
  gas_per_order: number | null;
  fees: Fees;
  base_fee_ranges: [Big, Big][];
  markets: MarketPulse[];
}

export interface MarketHistory {
  market: number;
  marks: number[];
  clearing: number[];
  indicative: number[];
}

export interface Past {
  times_ms: number[];
  markets: MarketHistory[];
  base_fees: [number, number, number][];
  congestion_ppm: number[];
  backlog_batches: number[];
  fund_atoms: number[];
}

export interface Facts {
  instance: string;
  page: string;
  chain_id: Big;
  contract: string;
  shape: string | null;
  order_places: number;
  constraints: number | null;
  segment_bytes: number;
  is_development_key: boolean;
}

export interface Batch {
  number: number;
  timestamp_s: number;
  stage: Stage;
  group: number | null;
  fills: number;
  liquidations: number;
  cash_ops: number;
  rescues: number;
  old_state_root: Big;
  new_state_root: Big;
  sealed_us: number;
  prove_s: number | null;
  settlement: string | null;
}

export interface Fill {
  batch_number: number;
  account: number;
  market: number;
  side: number;
  slot: number;
  nonce: number;
  size_lots: number;
  price_ticks: number;
  charge_atoms: Big;
  trading_fee_atoms: Big;
  timestamp_s: number;
  is_liquidation: boolean;
}

export interface Rescue {
  batch_number: number;
  account: number;
  kind: "takeover" | "deleveraging";
  positions: { market: number; size_lots: number; price_ticks: number }[];
  equity_atoms: Big;
  counterparties: number[];
  timestamp_s: number;
}

export interface Auction {
  batch_number: number;
  market: number;
  price_ticks: number;
  volume_lots: Big;
  timestamp_s: number;
}

export interface Snapshot {
  facts: Facts;
  summary: Summary;
  past: Past;
  batches: Batch[];
  liquidations: Fill[];
  rescues: Rescue[];
}

export interface Position {
  market: number;
  size_lots: number;
  mark_ticks: number;
  notional_atoms: Big;
  liquidation_price_ticks: number | null;
}

export interface Account {
  account: number;
  owner: string;
  key: [Big, Big];
  epoch: number;
  cash_nonce: number;
  tier: number;
  cash_atoms: Big;
  equity_atoms: Big;
  initial_atoms: Big;
  maintenance_atoms: Big;
  free_collateral_e6: Big;
  positions: Position[];
  batch_number: number;
}

export interface OpenOrder {
  slot: number;
  nonce: number;
  market: number;
  side: number;
  flags: number;
  size_lots: number;
  filled_lots: number;
  limit_ticks: number;
  expiry_s: number;
  sequence: number;
  is_quote: boolean;
  trigger: { price_ticks: number; is_above: boolean } | null;
}

export interface InclusionVerdict {
  account: number;
  is_valid: boolean;
  batch_number: number;
  state_root: Big;
  is_settled: boolean;
  proof_bytes: number;
  verify_ms: number;
}

export interface Lane {
  kind: string;
  capacity: number;
  account: number | null;
  operations: number;
  what: string;
  constraints: number | null;
}

export interface BatchDetails {
  number: number;
  timestamp_s: number;
  stage: Stage;
  shape: string;
  constraints: number | null;
  old_state_root: Big;
  new_state_root: Big;
  orders: number;
  liquidations: number;
  lanes: Lane[];
  cleared: { market: number; name: string; price_ticks: number; volume_lots: Big }[];
  group: number | null;
  prove_s: number | null;
  proof: string | null;
  public_inputs: { name: string; value: Big }[];
  settlement: { transaction: string; block: number; timestamp_s: number; batches: number; gas_used: number | null } | null;
  segment_bytes: number;
}

export interface Verdict {
  number: number;
  is_valid: boolean;
  is_bound: boolean;
  is_development_key: boolean;
  verify_ms: number;
}

export interface Problem {
  code: string;
  detail: string;
  status: number;
}
