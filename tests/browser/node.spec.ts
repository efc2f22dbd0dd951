// The page that a node serves, with a second node in another process.
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { look, picture, watch, type Watched } from "./src/browser.ts";
import { csv, DIMENSION, jsonLines, npy, senses } from "./src/data.ts";
import { Nodes } from "./src/nodes.ts";

test.describe.configure({ mode: "serial" });

const nodes = new Nodes();
let context: BrowserContext;
let page: Page;
let watched: Watched;
let invite = "";
const problems: string[] = [];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(300_000);
  await nodes.start();
  context = await browser.newContext();
  watched = await watch(context);
  page = await context.newPage();
});

test.afterAll(async () => {
  await context?.close();
  await nodes.end();
});

const go = (name: string) => page.getByRole("link", { name, exact: true }).click();
const points = () => page.getByTestId("points");
const hits = () => page.getByTestId("hits").locator("tbody tr");

test("the page is light, dark, or as the system has it, and its colours are read as colours", async () => {
  await page.goto(`${nodes.ann.url}/ui/`);
  const theme = page.getByRole("combobox", { name: "Colours" });
  const ink = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--ink").trim());
  const [light, dark] = ["rgb(23, 33, 26)", "rgb(232, 239, 233)"];
  await theme.selectOption("dark");
  expect(await ink()).toBe(dark);
  await page.reload();
  expect(await ink()).toBe(dark);
  await theme.selectOption("light");
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await ink()).toBe(light);
  await theme.selectOption("system");
  expect(await ink()).toBe(dark);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await ink()).toBe(light);
});

test("a collection is created by a form that explains each choice", async () => {
  await page.goto(`${nodes.ann.url}/ui/`);
  await expect(page.getByText("No collections yet")).toBeVisible();
  await look(page, "empty", problems);
  await page.getByRole("button", { name: "New collection" }).click();
  await expect(page.getByText("Right for nearly all text and image models")).toBeVisible();
  await page.getByLabel("Name").fill("wordnet");
  await page.getByLabel("Numbers in a vector").fill(String(DIMENSION));
  await look(page, "create", problems);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByText("connected", { exact: true })).toBeVisible();
  await expect(page.getByText("No points yet")).toBeVisible();
});

test("points come from a file, with errors by line", async () => {
  await go("Add");
  const wrong = ['{"id": 1', '{"id": 9001, "vector": [1, 2]}'];
  await page.getByLabel("A file of points").setInputFiles({
    name: "senses.jsonl",
    mimeType: "application/jsonl",
    buffer: jsonLines(0, 1200, wrong),
  });
  await expect(page.getByTestId("import-status")).toContainText("Done: 1,200 points");
  await expect(page.getByTestId("line-errors")).toContainText("Line 1,201: no JSON");
  await expect(page.getByTestId("line-errors")).toContainText("Line 1,202: the vector has 2 numbers");
  await expect(points()).toHaveText("1,200 points");
  await look(page, "add", problems);
});

test("points come from .csv and .npy files, chosen and dropped, and a file of another model is refused", async () => {
  const choose = (name: string, buffer: Buffer) =>
    page.getByLabel("A file of points").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "senses.csv"));
    return transfer;
  }, csv(1200, 50).toString());
  await page.getByText("Drop a file here").dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.getByTestId("import-status")).toContainText("Done: 50 points");
  await page.getByLabel("Ids from").fill("1250");
  await choose("senses.npy", npy(1250, 50));
  await expect(page.getByTestId("import-status")).toContainText("Done: 50 points");
  await expect(points()).toHaveText("1,300 points");
  await choose("other.csv", Buffer.from("id,v0,v1\n1,0.5,0.5\n"));
  await expect(page.getByTestId("line-errors")).toContainText("the vector has 2 numbers");
});

test("a file can be paused and cancelled", async () => {
  await page.getByLabel("A file of points").setInputFiles({
    name: "more.jsonl",
    mimeType: "application/jsonl",
    buffer: jsonLines(0, 2500),
  });
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByTestId("import-status")).toContainText("Paused after");
  await picture(page, "paused");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByTestId("import-status")).toContainText("were written and stay");
});

test("a point is added by hand, and a vector of the wrong dimension is explained", async () => {
  await page.locator("#add-vector").fill("1 2 3");
  await page.getByRole("button", { name: "Add the point" }).click();
  await expect(page.getByRole("alert")).toContainText("vectors have 384 numbers, and this one has 3");
  await page.locator("#add-id").fill("rose");
  await page.locator("#add-vector").fill(JSON.stringify(senses(0, 1)[0]?.vector));
  await page.locator("#add-payload").fill('{"words": "rose", "pos": "flower"}');
  await page.getByRole("button", { name: "Add the point" }).click();
  await expect(page.getByText("Added:")).toBeVisible();
});

test("search by a point, by examples and by a vector, with pages", async () => {
  await go("Search");
  await page.getByLabel("A point's id").fill("7");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Nearest points" })).toBeVisible();
  await expect(hits().first()).toContainText("checked");
  await expect(hits().first()).toContainText("1.0000");
  const first = await hits().first().innerText();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("Page 2")).toBeVisible();
  await expect(hits().first()).not.toHaveText(first);
  await page.getByText("By examples").click();
  await page.getByLabel("Like these points").fill("7, 12");
  await page.getByLabel("Not like these").fill("40");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByTestId("search-status")).toContainText("hits in");
  await page.getByText("By a vector").click();
  await page.getByRole("textbox", { name: "A vector" }).fill(JSON.stringify(senses(100, 1)[0]?.vector));
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(hits().first()).toContainText("100");
  await look(page, "search", problems);
});

test("filters are built by clicking, and look at every point", async () => {
  await page.getByRole("button", { name: "+ Filter" }).click();
  await page.getByRole("combobox", { name: "Field" }).fill("pos");
  await picture(page, "filter");
  await page.getByRole("button", { name: "noun", exact: true }).click();
  await expect(page.getByTestId("search-status")).toContainText("fulfils the filter");
  for (const row of await hits().all()) await expect(row).toContainText("pos noun");
  await look(page, "filtered", problems);
  await page.getByRole("button", { name: "Take away the filter pos is noun" }).click();
  await expect(page.getByTestId("search-status")).toContainText("read");
});

test("one point shows its payload, its neighbours and where it comes from", async () => {
  await hits().first().getByRole("link").click();
  await expect(page.getByRole("heading", { name: "Nearest to it" })).toBeVisible();
  await expect(page.getByTestId("provenance")).toContainText("uhCAk");
  await expect(page.getByTestId("provenance")).toContainText("uhCkk");
  await expect(page.getByTestId("provenance")).toContainText("Signature");
  await expect(page.getByTestId("provenance")).toContainText("found it valid");
  await look(page, "point", problems);
});

test("the map shows points, cells and the route of a search", async () => {
  await go("Map");
  await expect(page.getByTestId("map")).toBeVisible();
  await expect(page.getByTestId("map-facts")).toContainText("points");
  await page.getByRole("button", { name: "Route of the last search" }).click();
  await expect(page.getByTestId("route")).toContainText("probed");
  await look(page, "map", problems);
  await page.getByLabel("Colour", { exact: true }).selectOption("field pos");
  await expect(page.getByLabel("Colours", { exact: true }).last()).toContainText("noun");
  const map = page.getByTestId("map");
  await map.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("chosen")).toBeVisible();
  await picture(page, "map-chosen");
  await page.getByText("The same as a list").click();
  await expect(page.getByRole("table")).toContainText("you");
});

test("the map is arranged by UMAP when asked, and that can be cancelled", async () => {
  await page.getByRole("button", { name: "Arrange by UMAP" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Arrange by UMAP" }).click();
  await expect(page.getByRole("button", { name: "Back to PCA" })).toBeVisible({ timeout: 200_000 });
  await picture(page, "map-umap");
});

test("an invite is shared as text and as a QR code, and the other node joins by it", async () => {
  await go("Share");
  await expect(page.getByTestId("invite")).toHaveValue(/^rose-forest:/);
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  invite = await page.getByTestId("invite").inputValue();
  await look(page, "share", problems);
  const other = await context.newPage();
  await other.goto(`${nodes.ben.url}/ui/`);
  await other.getByRole("button", { name: "Join one" }).click();
  await other.getByLabel("Invite").fill(`${invite}x`);
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await expect(other.getByRole("alert")).toBeVisible();
  await other.getByLabel("Invite").fill(invite);
  await look(other, "join", problems);
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await expect(other.getByText("connected", { exact: true })).toBeVisible();
  await other.close();
});

test("a write at the peer appears in the page without reloading", async () => {
  await go("Network");
  await expect(page.getByTestId("peers")).toContainText("reachable", { timeout: 120_000 });
  await page.evaluate(() => Object.assign(window, { notReloaded: true }));
  const [sense] = senses(3000, 1);
  // Word of a write goes out once, to the peers that can be reached just then: again until one is heard.
  await expect(async () => {
    await nodes.ben.ask("PUT", "collections/wordnet/points?wait=true", {
      points: [{ id: 777_777, vector: sense?.vector, payload: { words: "written by the peer" } }],
    });
    await expect(page.getByTestId("events")).toContainText("wrote 1 row", { timeout: 10_000 });
  }).toPass({ timeout: 120_000 });
  await look(page, "network", problems);
  await go("Search");
  await page.getByText("By a vector").click();
  await page.getByRole("textbox", { name: "A vector" }).fill(JSON.stringify(sense?.vector));
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(hits().first()).toContainText("written by the peer", { timeout: 120_000 });
  // And while the search is on the screen, without touching it.
  await nodes.ben.ask("PUT", "collections/wordnet/points?wait=true", {
    points: [{ id: 777_778, vector: sense?.vector, payload: { words: "a second one" } }],
  });
  await expect(page.getByTestId("hits")).toContainText("a second one", { timeout: 120_000 });
  expect(await page.evaluate(() => (window as { notReloaded?: boolean }).notReloaded)).toBe(true);
});

test("when the node stops the page says so, and goes on when it runs again", async () => {
  await nodes.ann.stop();
  await expect(page.getByTestId("lost")).toContainText("connects by itself");
  await look(page, "stopped", problems);
  await nodes.ann.start();
  await expect(page.getByText("connected", { exact: true })).toBeVisible({ timeout: 120_000 });
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(hits().first()).toContainText(/peer|second/);
  expect(await page.evaluate(() => (window as { notReloaded?: boolean }).notReloaded)).toBe(true);
});

test("with the peer gone the network view says what to do", async () => {
  await nodes.ben.stop();
  await go("Network");
  await expect(page.getByRole("alert").first()).toContainText("peers", { timeout: 200_000 });
  await picture(page, "no-peers");
});

test("everything can be reached by the keyboard", async () => {
  await go("Search");
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  const seen = new Set<string | undefined>();
  for (let press = 0; press < 40; press += 1) {
    seen.add(await focused());
    await page.keyboard.press("Tab");
  }
  for (const name of ["Map", "Add", "Network", "Share", "+ Filter"]) expect([...seen]).toContain(name);
});

test("every view is for everybody: axe finds nothing serious, and all fit on a phone", () => {
  expect(problems).toEqual([]);
});

test("no request left the machine, and nothing failed unseen", () => {
  expect(watched.elsewhere).toEqual([]);
  expect(watched.errors).toEqual([]);
});
