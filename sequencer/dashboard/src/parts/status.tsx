// The top of every page: what the node is doing, in one line.

import { useEffect, useState } from "preact/hooks";
import { clock } from "../format";
import { say } from "../saying";
import type { View } from "../store";

const NEWS_MS = 15_000;

/** The line for those who hear the page: told when the mood changes, not with every figure. */
function useSpoken(mood: string, text: string): string {
  const [spoken, setSpoken] = useState(text);
  useEffect(() => setSpoken(text), [mood]);
  return spoken;
}

export function Status({ view }: { view: View }) {
  const { mood, word, parts } = say(view);
  const spoken = useSpoken(`${mood} ${word}`, `${word}. ${parts.join(". ")}.`);
  const isNews = view.restarted_ms !== null && Date.now() - view.restarted_ms < NEWS_MS;
  return (
    <div class={`status ${mood}`}>
      <p class="line">
        <strong class="pill">{word}</strong>
        <span>{parts.join(" · ")}</span>
      </p>
      {view.summary?.alarms.map((alarm) => <p class="alarm">{alarm}</p>)}
      {view.link === "lost" && view.summary && (
        <p class="alarm">
          The connection to the node is lost. What stands below is from {clock(view.heard_ms)} and may no longer be so.
        </p>
      )}
      {isNews && view.link === "live" && (
        <p class="news">The node was started again: everything below was loaded afresh at {clock(view.restarted_ms ?? 0)}.</p>
      )}
      <p class="unseen" role="status" aria-live="polite">{spoken}</p>
    </div>
  );
}
