// The three resources that operations are priced by, and where their prices may go.

import { useMemo } from "preact/hooks";
import { count, fee, usdE6 } from "../format";
import type { View } from "../store";
import { Panel, Table } from "./basics";
import { Spark } from "./chart";

const NAMES = ["Proving", "State", "Bandwidth"] as const;
const UNITS = ["an order's place", "an account's leaf", "a byte of the blob"] as const;

export function Fees({ view }: { view: View }) {
  const { fees, base_fee_ranges } = view.summary!;
  const columns = useMemo(() => NAMES.map((_, place) => view.past.base_fees.map((fees_then) => fees_then[place]!)), [view.past]);
  const next = fees.forecast_order_fee_e6.at(-1);
  return (
    <Panel title="Fees" note="a batch moves a base fee by an eighth at most">
      <Table
        caption="Base fees of the three resources"
        empty=""
        rows={[0, 1, 2]}
        columns={[
          { head: "Resource", isText: true, cell: (place) => <>{NAMES[place]}<span class="note below">{UNITS[place]}</span></> },
          { head: "Base fee, µUSD", cell: (place) => fee(Number(fees.base_fees[place])) },
          { head: "In five batches", cell: (place) => <Range low={base_fee_ranges[place]![0]} high={base_fee_ranges[place]![1]} /> },
          {
            head: "Last minutes",
            cell: (place) => <Spark label={`Base fee of ${NAMES[place]!.toLowerCase()}`} times_ms={view.past.times_ms} values={columns[place]!} />,
          },
        ]}
      />
      <p class="note">
        In USD: an order costs {usdE6(fees.order_fee_e6, 6)} now, {next && `${usdE6(next[0], 6)} to ${usdE6(next[1], 6)} in five batches`}; a cash
        operation {usdE6(fees.cash_fee_e6, 6)}; a new account {usdE6(fees.leaf_fee_e6, 4)}. {sayBytes(view)}
      </p>
    </Panel>
  );
}

const Range = ({ low, high }: { low: string; high: string }) => <span>{fee(Number(low))} – {fee(Number(high))}</span>;

/** A batch publishes the same number of bytes whatever it holds: the fuller, the cheaper each order. */
function sayBytes(view: View): string {
  const bytes = view.facts?.segment_bytes ?? 0;
  const busy = view.batches.filter((batch) => batch.fills > 0);
  const orders = busy.reduce((sum, batch) => sum + batch.fills, 0);
  if (!bytes || !orders) return "";
  const each = Math.round((bytes * busy.length) / orders);
  const gas = view.summary?.gas_per_order;
  const settled = gas ? ` The groups settled last took ${count(Math.round(gas))} gas an order.` : "";
  return `A batch publishes ${count(bytes)} bytes, lately ${count(each)} an order.${settled}`;
}
