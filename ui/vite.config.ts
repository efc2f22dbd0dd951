import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The page may lie anywhere: under `/ui/` of a node, or at the root of a .webhapp. So every address in it is relative.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  resolve: {
    // The sources, so that no build of the package has to come first.
    alias: { "rose-forest-client": fileURLToPath(new URL("../clients/js/src/index.ts", import.meta.url)) },
  },
  build: {
    target: "es2022",
    // The first ones with both `light-dark()` and `@property`: for older ones both would be written out as something that
    // does not follow the switch of the theme.
    cssTarget: ["chrome123", "edge123", "firefox128", "safari17.5", "ios17.5"],
    // The page works under `default-src 'self'`: nothing inside of it as `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  worker: { format: "es" },
});
