import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The plugin compiles `.svelte.ts`, as what is tested of `src/state` is.
export default defineConfig({
  plugins: [svelte()],
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
