import { Facts, Panel, Tile } from "../parts/basics";
import { Spark } from "../parts/chart";
import { Fees } from "../parts/fees";
import { Flow } from "../parts/flow";
import { Markets } from "../parts/market";
import { Liquidations, Margin } from "../parts/risk";
import { count, percent, plural, seconds, times, usd, usdE6 } from "../format";
import { countRecent, ratio } from "../saying";
import type { View } from "../store";

export function Overview({ view }: { view: View }) {
  if (!view.summary) return <p class="empty">Waiting for the node.</p>;
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <Tiles view={view} />
      <Markets view={view} />
      <Flow view={view} />
      <div class="columns">
        <Liquidations view={view} />
        <Margin view={view} />
      </div>
      <div class="columns">
        <Fees view={view} />
        <Deployment view={view} />
      </div>
    </>
  );
}

function averageProof(view: View): string {
  const taken = view.batches.flatMap((batch) => (batch.prove_s === null ? [] : [batch.prove_s]));
  if (!taken.length) return "no proof timed yet";
  return `a proof takes ${seconds(taken.reduce((sum, one) => sum + one, 0) / taken.length)}`;
}

function Tiles({ view }: { view: View }) {
  const { past } = view;
  const summary = view.summary!;
  const margin = Math.max(1, ...summary.markets.map(ratio));
  const { liquidations, rescues } = countRecent(view);
  return (
    <dl class="tiles">
      <Tile label="Batch" value={count(summary.batch_number)} note={`${count(summary.sequence)} records`} />
      <Tile
        label="Clearing every"
        value={summary.interval_s === null ? "–" : seconds(summary.interval_s)}
        note={summary.interval_s === null ? "no trades lately" : "one price a market"}
      />
      <Tile
        label="Wait for a proof"
        value={count(summary.backlog_batches)}
        note={averageProof(view)}
        tone={summary.backlog_batches >= 4 ? "warn" : ""}
      >
        <Spark label="Batches that wait for a proof" times_ms={past.times_ms} values={past.backlog_batches} least={4} />
      </Tile>
      <Tile label="Margin required" value={times(margin)} note={`congestion ${percent(summary.fees.congestion_ppm, 0)}`} tone={margin > 1.005 ? "warn" : ""}>
        <Spark label="Congestion" times_ms={past.times_ms} values={past.congestion_ppm} least={500_000} />
      </Tile>
      <Tile label="Liquidations" value={count(liquidations)} note={rescues ? `and ${plural(rescues, "rescue")} in a minute` : "in the last minute"} tone={liquidations || rescues ? "bad" : ""} />
      <Tile label="Insurance fund, USD" value={usd(summary.fund_atoms)} note="stands behind losses" tone={summary.fund_atoms.startsWith("-") ? "bad" : ""}>
        <Spark label="Insurance fund" times_ms={past.times_ms} values={past.fund_atoms} />
      </Tile>
      <Tile label="Fee of an order, USD" value={usdE6(summary.fees.order_fee_e6, 6)} note={summary.gas_per_order === null ? "charged once" : `${count(Math.round(summary.gas_per_order))} gas an order`} />
    </dl>
  );
}

function Deployment({ view }: { view: View }) {
  const facts = view.facts!;
  return (
    <Panel title="Deployment">
      <Facts
        rows={[
          ["Chain", facts.chain_id],
          ["Contract", <code>{facts.contract}</code>],
          ["Shape of a batch", facts.shape ? `${facts.shape}, ${count(facts.order_places)} orders` : "–"],
          ["Circuit", facts.constraints ? `${count(facts.constraints)} constraints` : "–"],
          ["Proving key", facts.is_development_key ? <span class="warn">made for development by one person</span> : "made by a ceremony"],
        ]}
      />
    </Panel>
  );
}
