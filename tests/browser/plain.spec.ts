// The page against a plain conductor, as `npm run sandbox --workspace ui` starts it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { look, watch } from "./src/browser.ts";
import { said } from "./src/nodes.ts";

const SCRIPT = fileURLToPath(new URL("../../ui/scripts/sandbox.mjs", import.meta.url));

test("a plain conductor: create, add, search, invite, and no secret in the address", async ({ browser }) => {
  const problems: string[] = [];
  const sandbox = spawn(process.execPath, [SCRIPT, "--json"]);
  sandbox.stderr.resume();
  try {
    const address = await said(sandbox, "url");
    const context = await browser.newContext();
    const watched = await watch(context);
    const page = await context.newPage();
    await page.goto(address);
    await page.getByRole("button", { name: "New collection" }).click();
    expect(page.url()).not.toContain("token");
    await page.getByLabel("Name").fill("colours");
    await page.getByLabel("Numbers in a vector").fill("3");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await expect(page.getByText("connected", { exact: true })).toBeVisible();
    await page.getByRole("link", { name: "Add", exact: true }).click();
    const lines = [
      '{"id": "red", "vector": [1, 0, 0], "payload": {"word": "red", "kind": "warm"}}',
      '{"id": "scarlet", "vector": [0.9, 0.1, 0], "payload": {"word": "scarlet", "kind": "warm"}}',
      '{"id": 18446744073709551615, "vector": [0.8, 0, 0.3], "payload": {"word": "purple", "kind": "cold"}}',
    ];
    await page.getByLabel("A file of points").setInputFiles({
      name: "colours.jsonl",
      mimeType: "application/jsonl",
      buffer: Buffer.from(lines.join("\n")),
    });
    await expect(page.getByTestId("import-status")).toContainText("Done: 3 points");
    await page.getByRole("link", { name: "Search", exact: true }).click();
    await page.getByLabel("A point's id").fill("red");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    const rows = page.getByTestId("hits").locator("tbody tr");
    await expect(rows).toHaveCount(3);
    await expect(rows.nth(1)).toContainText("scarlet");
    await expect(page.getByTestId("hits")).toContainText("18446744073709551615");
    await page.getByRole("button", { name: "+ Filter" }).click();
    await page.getByRole("combobox", { name: "Field" }).fill("kind");
    await page.getByRole("button", { name: "cold", exact: true }).click();
    await expect(rows).toHaveCount(1);
    await look(page, "plain-search", problems);
    await page.getByRole("link", { name: "Share", exact: true }).click();
    await expect(page.getByTestId("invite")).toHaveValue(/^rose-forest:/);
    const invite = await page.getByTestId("invite").inputValue();
    await page.getByRole("link", { name: "Collections" }).click();
    await page.getByRole("button", { name: "Join one" }).click();
    await page.getByLabel("Invite").fill(invite);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(page.getByRole("heading", { name: "colours" })).toBeVisible();
    expect(problems).toEqual([]);
    expect(watched.elsewhere).toEqual([]);
    expect(watched.errors).toEqual([]);
    await context.close();
  } finally {
    const ended = once(sandbox, "exit");
    sandbox.kill("SIGTERM");
    await ended;
  }
});
