// Requests of the node that served this page, and of no other.

import type { Problem } from "./wire";

export const BASE = new URL("./v1/", document.baseURI).pathname;

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(BASE + path, { ...init, cache: "no-store" });
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return body as T;
  const unknown = { code: `http_${answer.status}`, detail: `the node answered ${answer.status}`, status: answer.status };
  throw new Refused((body as Problem | null) ?? unknown);
}

export const get = <T>(path: string): Promise<T> => ask<T>(path);

export const post = <T>(path: string): Promise<T> =>
  ask<T>(path, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });

export const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error));
