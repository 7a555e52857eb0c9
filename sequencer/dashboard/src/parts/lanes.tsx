// The lanes of a batch, as wide as the constraints they take: an unused lane costs as much as one that is used.

import { count } from "../format";
import { to } from "../route";
import type { BatchDetails, Lane } from "../wire";
import { Panel, Table } from "./basics";

const spell = (what: string): string => what.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

export function Lanes({ batch }: { batch: BatchDetails }) {
  const used = batch.lanes.filter((lane) => lane.operations > 0);
  const all = batch.lanes.reduce((sum, lane) => sum + (lane.constraints ?? 0), 0);
  return (
    <Panel title="Lanes" note={`${used.length} of ${batch.lanes.length} used`}>
      <div class="lanes" aria-hidden="true">
        {batch.lanes.map((lane) => (
          <i
            class={`${lane.kind} ${lane.operations ? "used" : ""} ${lane.what === "Liquidation" ? "hard" : ""}`}
            style={{ flexGrow: (lane.constraints ?? 1) / (all || 1) }}
            title={`${lane.kind}: ${lane.operations ? spell(lane.what) : "unused"}`}
          />
        ))}
      </div>
      <ul class="legend" aria-hidden="true">
        {["CashLane", "RescueLane", "TradeLane", "QuoteLane", "FundLane"].map((kind) => (
          <li><i class={`key ${kind} used`} />{kind.replace("Lane", "")}</li>
        ))}
        <li>faint: unused</li>
      </ul>
      <Table
        caption="Lanes that are used"
        empty="No lane is used."
        rows={used}
        columns={[
          { head: "Lane", isText: true, cell: (lane) => (lane.capacity > 1 ? `${lane.kind}(${lane.capacity})` : lane.kind) },
          { head: "Account", cell: (lane) => <Owner lane={lane} /> },
          { head: "What", isText: true, cell: (lane) => (lane.operations > 1 ? `${count(lane.operations)} × ${spell(lane.what)}` : spell(lane.what)) },
          { head: "Constraints", cell: (lane) => (lane.constraints === null ? "–" : count(lane.constraints)) },
        ]}
      />
    </Panel>
  );
}

const Owner = ({ lane }: { lane: Lane }) => (lane.account === null ? <>–</> : <a href={to("account", lane.account)}>{lane.account}</a>);
