// Small things that every page is made of.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { short } from "../format";

export function Panel({ title, note, children, class: name = "" }: {
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}) {
  const id = `h-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="note">{note}</span>}
      </div>
      {children}
    </section>
  );
}

export function Tile({ label, value, note, children, tone = "" }: {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  children?: ComponentChildren;
  tone?: "" | "warn" | "bad" | "good";
}) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd>
        <span class={`value ${tone}`}>{value}</span>
        {note !== undefined && <span class="note">{note}</span>}
        {children}
      </dd>
    </div>
  );
}

/** A hash: cut in the middle, whole for a pointer and for the clipboard. */
export function Hash({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <span class="hash">
      <code title={text}>{short(text)}</code>
      {isSecureContext && (
        <button type="button" class="quiet" onClick={copy} aria-label={`Copy ${short(text)}`}>
          {isCopied ? "copied" : "copy"}
        </button>
      )}
    </span>
  );
}

export interface Column<T> {
  head: string;
  cell: (row: T) => ComponentChildren;
  isText?: boolean; // else a number, to the right
}

export function Table<T>({ caption, columns, rows, empty }: {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  empty: string;
}) {
  if (!rows.length) return <p class="empty">{empty}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>{columns.map((one) => <th scope="col" class={one.isText ? "" : "num"}>{one.head}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>{columns.map((one) => <td class={one.isText ? "" : "num"}>{one.cell(row)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const Side = ({ side }: { side: number }) => <span class={side ? "sell" : "buy"}>{side ? "Sell" : "Buy"}</span>;

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
