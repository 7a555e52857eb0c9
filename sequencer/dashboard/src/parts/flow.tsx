// Batches on their way to the base layer, each in the column of its stage.

import { count, plural, seconds } from "../format";
import { to } from "../route";
import type { View } from "../store";
import type { Batch, Stage } from "../wire";
import { Panel } from "./basics";

const SHOWN = 12;
const STAGES: [Stage, string, string][] = [
  ["sequenced", "Sequenced", "cleared and logged; waits for its group"],
  ["proving", "Proving", "a prover works on it, or will next"],
  ["proved", "Proved", "waits for the base layer"],
  ["settled", "Settled", "final on the base layer"],
];

const isLast = (stage: Stage): boolean => stage === "settled";

export function Flow({ view }: { view: View }) {
  const latest = view.batches.find((batch) => isLast(batch.stage));
  return (
    <Panel title="From auction to settlement" note={latest ? `settled up to batch ${count(latest.number)}` : "nothing settled yet"}>
      <ol class="flow">
        {STAGES.map(([stage, name, what]) => (
          <Column stage={stage} name={name} what={what} batches={view.batches.filter((batch) => batch.stage === stage)} />
        ))}
      </ol>
    </Panel>
  );
}

function Column({ stage, name, what, batches }: { stage: Stage; name: string; what: string; batches: Batch[] }) {
  const shown = batches.slice(0, SHOWN);
  const more = batches.length - shown.length;
  return (
    <li class={`stage ${stage}`}>
      <h3>
        {name} <span class="count">{isLast(stage) ? "" : count(batches.length)}</span>
      </h3>
      <p class="note">{what}</p>
      <ul class="chips">
        {shown.map((batch) => <Chip key={batch.number} batch={batch} />)}
        {more > 0 && !isLast(stage) && <li class="more">+ {count(more)}</li>}
        {!shown.length && <li class="more">none</li>}
      </ul>
    </li>
  );
}

function describe(batch: Batch): string {
  const parts = [`Batch ${batch.number}`, plural(batch.fills, "fill")];
  if (batch.liquidations) parts.push(plural(batch.liquidations, "liquidation"));
  if (batch.cash_ops) parts.push(plural(batch.cash_ops, "cash operation"));
  if (batch.rescues) parts.push(plural(batch.rescues, "rescue"));
  if (batch.prove_s !== null) parts.push(`proved in ${seconds(batch.prove_s)}`);
  return parts.join(", ");
}

function Chip({ batch }: { batch: Batch }) {
  const isHard = batch.liquidations > 0 || batch.rescues > 0;
  return (
    <li>
      <a class={`chip ${isHard ? "hard" : ""}`} href={to("batch", batch.number)} title={describe(batch)} aria-label={describe(batch)}>
        <span>{batch.number}</span>
        <small>{batch.fills + batch.liquidations + batch.cash_ops + batch.rescues}</small>
      </a>
    </li>
  );
}
