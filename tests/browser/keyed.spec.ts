// The page of a node that wants an API key.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Processes } from "../tryorama/src/processes.ts";
import { look, watch } from "./src/browser.ts";
import { Node } from "./src/nodes.ts";

const KEY = "a key for tests, and long enough";

test("a node that wants a key is asked with it", async ({ browser }) => {
  const processes = new Processes();
  const context = await browser.newContext();
  try {
    const file = join(processes.folder, "key");
    writeFileSync(file, KEY, { mode: 0o600 });
    const node = new Node(processes, "keyed", undefined, ["--api-key-file", file]);
    await node.start();
    const watched = await watch(context);
    const page = await context.newPage();
    const problems: string[] = [];
    await page.goto(`${node.url}/ui/`);
    await expect(page.getByRole("heading", { name: "This node wants a key" })).toBeVisible();
    await look(page, "key", problems);
    await page.getByLabel("API key").fill("another");
    await page.getByRole("button", { name: "Use it" }).click();
    await expect(page.getByRole("alert")).toHaveText("The node does not know this key.");
    await page.getByLabel("API key").fill(KEY);
    await page.getByRole("button", { name: "Use it" }).click();
    await expect(page.getByText("No collections yet")).toBeVisible();
    expect([...problems, ...watched.elsewhere, ...watched.errors]).toEqual([]);
  } finally {
    await context.close();
    await processes.end();
  }
});
