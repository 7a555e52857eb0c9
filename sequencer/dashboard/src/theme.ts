// Light or dark: the system's choice unless the reader makes one, which this browser then keeps.

import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";
const KEY = "zkmargin-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function readChoice(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

let choice = readChoice();

export const getTheme = (): Theme => choice ?? (system.matches ? "dark" : "light");

function apply(): void {
  document.documentElement.dataset["theme"] = getTheme();
  for (const listener of listeners) listener();
}

export function toggleTheme(): void {
  choice = getTheme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // kept until the page is closed
  }
  apply();
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(getTheme);
  useEffect(() => {
    const listener = () => setTheme(getTheme());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return theme;
}

system.addEventListener("change", apply);
apply();
