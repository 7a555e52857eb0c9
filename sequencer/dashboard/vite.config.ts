import { defineConfig } from "vite";

// Relative addresses: the node may stand behind a path of a proxy. No file is inlined: the page's policy allows no data:.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
});
