// Where the page is, by the part of the address behind #: the node knows one page.

import { useEffect, useState } from "preact/hooks";

export type Route = { name: "overview" } | { name: "account"; number: number } | { name: "batch"; number: number };

export function read(hash: string): Route {
  const found = /^#\/(account|batch)\/(0|[1-9][0-9]{0,9})$/.exec(hash);
  if (!found) return { name: "overview" };
  return { name: found[1] as "account" | "batch", number: Number(found[2]) };
}

export const to = (name: "account" | "batch", number: number): string => `#/${name}/${number}`;

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listen = () => setHash(location.hash);
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  return read(hash);
}
