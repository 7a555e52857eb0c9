import { useState } from "preact/hooks";
import { explain, post } from "../api";
import { clock, count, hex, price, seconds, size } from "../format";
import { Facts, Hash, Panel, Table } from "../parts/basics";
import { useFetched } from "../parts/fetched";
import { Lanes } from "../parts/lanes";
import { to } from "../route";
import type { View } from "../store";
import type { BatchDetails, Stage, Verdict } from "../wire";

const STAGES: Stage[] = ["sequenced", "proving", "proved", "settled"];

export function BatchPage({ view, number }: { view: View; number: number }) {
  const stage = view.batches.find((batch) => batch.number === number)?.stage ?? "";
  const { value: batch, error } = useFetched<BatchDetails>(`batches/${number}/details`, `${view.connection}-${stage}`);
  return (
    <>
      <h1 tabIndex={-1}>Batch <span class="soft">{count(number)}</span></h1>
      <nav class="pager" aria-label="Batches">
        {number > 1 && <a href={to("batch", number - 1)}>← {count(number - 1)}</a>}
        {number < (view.summary?.batch_number ?? 0) && <a href={to("batch", number + 1)}>{count(number + 1)} →</a>}
      </nav>
      {error && <p class="empty">{error}</p>}
      {batch && <Steps stage={batch.stage} />}
      {batch && <Inside view={view} batch={batch} />}
      {batch && <Lanes batch={batch} />}
      {batch && <Proof key={`${number}-${view.connection}`} batch={batch} />}
    </>
  );
}

function Steps({ stage }: { stage: Stage }) {
  const at = STAGES.indexOf(stage);
  return (
    <ol class="steps" aria-label="Stages">
      {STAGES.map((one, place) => (
        <li class={`${one} ${place <= at ? "done" : ""}`} aria-current={place === at ? "step" : undefined}>{one}</li>
      ))}
    </ol>
  );
}

function Inside({ view, batch }: { view: View; batch: BatchDetails }) {
  const find = (market: number) => view.summary?.markets.find((one) => one.info.market === market)?.info;
  const bytes = batch.orders ? `, ${count(Math.round(batch.segment_bytes / batch.orders))} an order` : "";
  return (
    <div class="columns">
      <Panel title="Batch">
        <Facts
          rows={[
            ["Time", `${new Date(batch.timestamp_s * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`],
            ["Orders filled", count(batch.orders)],
            ["Liquidations", count(batch.liquidations)],
            ["Shape", batch.shape],
            ["Constraints", batch.constraints === null ? "–" : count(batch.constraints)],
            ["Data in the blob", `${count(batch.segment_bytes)} bytes${bytes}`],
            ["Group", batch.group === null ? "–" : count(batch.group)],
            ["State before", <Hash text={hex(batch.old_state_root)} />],
            ["State after", <Hash text={hex(batch.new_state_root)} />],
          ]}
        />
      </Panel>
      <Panel title="Auction" note="one price a market">
        <Table
          caption="What cleared"
          empty="Nothing traded: this batch holds cash operations or rescues alone."
          rows={batch.cleared}
          columns={[
            { head: "Market", isText: true, cell: (one) => one.name },
            { head: "Cleared at", cell: (one) => { const info = find(one.market); return info ? price(one.price_ticks, info) : one.price_ticks; } },
            { head: "Volume", cell: (one) => { const info = find(one.market); return info ? size(one.volume_lots, info) : one.volume_lots; } },
          ]}
        />
        <h3>Settlement</h3>
        {batch.settlement ? (
          <Facts
            rows={[
              ["Transaction", <Hash text={batch.settlement.transaction} />],
              ["Block", count(batch.settlement.block)],
              ["Time", clock(batch.settlement.timestamp_s * 1000)],
              ["Gas of its group", <Gas settlement={batch.settlement} />],
            ]}
          />
        ) : (
          <p class="empty">The base layer has not settled this batch yet.</p>
        )}
      </Panel>
    </div>
  );
}

function Gas({ settlement }: { settlement: NonNullable<BatchDetails["settlement"]> }) {
  const shared = settlement.batches > 1 ? `, shared by ${count(settlement.batches)} batches` : "";
  return <>{settlement.gas_used === null ? "not known" : count(settlement.gas_used)}{shared}</>;
}

function Proof({ batch }: { batch: BatchDetails }) {
  if (batch.proof === null) {
    return <Panel title="Proof"><p class="empty">No proof yet: it is made once the batch's group is sealed.</p></Panel>;
  }
  const digits = batch.proof.slice(2);
  const parts: [string, string][] = [["A", digits.slice(0, 128)], ["B", digits.slice(128, 384)], ["C", digits.slice(384)]];
  return (
    <Panel title="Proof" note={`Groth16 over BN254, ${digits.length / 2} bytes${batch.prove_s === null ? "" : `, made in ${seconds(batch.prove_s)}`}`}>
      <Verify number={batch.number} />
      <Facts rows={parts.map(([name, text]) => [name, <Hash text={`0x${text}`} />])} />
      <h3>Public inputs</h3>
      <p class="note">What the proof speaks of. The contract works each of them out for itself.</p>
      <Facts rows={batch.public_inputs.map(({ name, value }) => [name.replaceAll("_", " "), <Hash text={hex(value)} />])} />
    </Panel>
  );
}

function Verify({ number }: { number: number }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setError(null);
    try {
      setVerdict(await post<Verdict>(`batches/${number}/verify`));
    } catch (refused) {
      setVerdict(null);
      setError(explain(refused));
    }
    setBusy(false);
  };
  return (
    <>
      <p class="actions">
        <button type="button" class="primary" onClick={verify} disabled={isBusy}>{isBusy ? "Checking…" : "Verify"}</button>
        <code class="equation">e(A, B) = e(α, β) · e(Σ aᵢ·ICᵢ, γ) · e(C, δ)</code>
      </p>
      <div aria-live="polite">
        {error && <p class="verdict bad">{error}</p>}
        {verdict && <Outcome verdict={verdict} />}
      </div>
    </>
  );
}

function Outcome({ verdict }: { verdict: Verdict }) {
  const isGood = verdict.is_valid && verdict.is_bound;
  return (
    <p class={`verdict ${isGood ? "good" : "bad"}`}>
      <strong>{verdict.is_valid ? "The pairing equation holds." : "The pairing equation does not hold."}</strong>{" "}
      Checked by the node's kernel in {verdict.verify_ms.toFixed(1)} ms.{" "}
      {verdict.is_bound ? "Both roots of the proof are this batch's." : "The proof speaks of other roots than this batch's."}{" "}
      {verdict.is_development_key && <span class="warn">The key was made for development: whoever made it could forge a proof.</span>}
    </p>
  );
}
