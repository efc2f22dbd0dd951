import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import { CHROMIUM, FLAGS } from "./src/browser.ts";

const failures =
  process.env.BROWSER_FAILURES ?? fileURLToPath(new URL("../../target/browser/failures", import.meta.url));

// One browser and one test at a time, and time enough for a slow machine: no test asserts how long anything takes.
export default defineConfig({
  testMatch: process.env.MEASURE ? "measure.ts" : "*.spec.ts",
  workers: 1,
  fullyParallel: false,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  outputDir: failures,
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
    viewport: { width: 1200, height: 850 },
    actionTimeout: 60_000,
    screenshot: "only-on-failure",
  },
});
