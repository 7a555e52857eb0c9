// Something asked of the node: again when the connection is another one, or when `version` says that it changed.

import { useEffect, useState } from "preact/hooks";
import { explain, get } from "../api";

export interface Fetched<T> {
  value: T | null;
  error: string | null;
}

export function useFetched<T>(path: string, version: string): Fetched<T> {
  const [state, setState] = useState<Fetched<T> & { path: string }>({ path, value: null, error: null });
  useEffect(() => {
    let isWanted = true;
    get<T>(path).then(
      (value) => isWanted && setState({ path, value, error: null }),
      (error: unknown) => isWanted && setState({ path, value: null, error: explain(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [path, version]);
  return state.path === path ? state : { value: null, error: null }; // never what another address said
}
