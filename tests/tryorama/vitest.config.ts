import { defineConfig } from "vitest/config";

// What conductors log, without what says nothing of a test: databases that are busy for a second, and peers that are gone.
const QUIET = [
  "error",
  "holochain::core::queue_consumer=off",
  "holochain::core::ribosome::inline_ribosome=off",
  "holochain_p2p=off",
  "kitsune2_gossip=off",
].join(",");

// One scenario at a time, and time enough for a slow machine: no test asserts how long anything takes.
export default defineConfig({
  test: {
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    env: {
      TRYORAMA_LOG_LEVEL: process.env.TRYORAMA_LOG_LEVEL ?? "error",
      RUST_LOG: process.env.RUST_LOG ?? QUIET,
    },
  },
});
