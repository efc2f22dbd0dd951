// What the page costs, as JSON: `npm run measure --workspace tests/browser`.
//
// With 20,000 senses of WordNet (the file of JSON lines is named in `SENSES`; otherwise the 5,000 that are shipped) in a node:
// first paint, JavaScript of the first view, an interaction, a search from the page against the zome's own time, and the frames
// that the map holds. Nothing here is asserted.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { watch } from "./src/browser.ts";
import { DIMENSION, jsonLines } from "./src/data.ts";
import { Nodes } from "./src/nodes.ts";

const RUNS = 30;
const DIST = fileURLToPath(new URL("../../ui/dist/assets/", import.meta.url));

test("measure", async ({ browser }) => {
  test.setTimeout(900_000);
  const nodes = new Nodes();
  await nodes.start();
  const context = await browser.newContext();
  await watch(context);
  const page = await context.newPage();
  try {
    await nodes.ann.ask("PUT", "collections/wordnet", {
      vectors: { size: DIMENSION, distance: "Cosine" },
      quantization_config: { scalar: { type: "int8" } },
    });
    const address = `${nodes.ann.url}/ui/#/c/wordnet/add`;
    await page.goto(address);
    await page.getByText("connected", { exact: true }).waitFor();
    const buffer = process.env.SENSES ? undefined : jsonLines(0, 5000);
    const began = Date.now();
    await page
      .getByLabel("A file of points")
      .setInputFiles(
        buffer ? { name: "senses.jsonl", mimeType: "application/jsonl", buffer } : (process.env.SENSES ?? ""),
      );
    await expect(page.getByTestId("import-status")).toContainText("Done", { timeout: 600_000 });
    const importSeconds = (Date.now() - began) / 1000;

    // The first paint, and what had come by then and by the time that a collection was open.
    const fresh = await context.newPage();
    const asked: string[] = [];
    fresh.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").pop() ?? ""));
    const paints: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      asked.length = 0;
      await fresh.goto(`${nodes.ann.url}/ui/`);
      await fresh.reload();
      await fresh.locator("li a").first().waitFor();
      paints.push(
        await fresh.evaluate(
          () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
        ),
      );
    }
    const sizes = new Map(
      readdirSync(DIST).map((name) => [name, gzipSync(readFileSync(DIST + name), { level: 9 }).length]),
    );
    const bytes = (names: Iterable<string>) =>
      [...names]
        .filter((name) => name.endsWith(".js"))
        .reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    const listBytes = bytes(new Set(asked));
    await fresh.goto(`${nodes.ann.url}/ui/#/c/wordnet/search`);
    await fresh.getByText("connected", { exact: true }).waitFor();
    const searchBytes = bytes(new Set(asked));
    await fresh.close();

    // Searches, from the click to the answer on the screen.
    await page.getByRole("link", { name: "Search", exact: true }).click();
    await page.getByLabel("A point's id").fill("7");
    const status = page.getByTestId("search-status");
    const fromPage: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await page.getByLabel("A point's id").fill(String(run * 7));
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await expect(status).toContainText("hits in");
      const said = /hits in ([\d.]+) (ms|s)/.exec(await status.innerText());
      fromPage.push(Number(said?.[1]) * (said?.[2] === "s" ? 1000 : 1));
    }
    // The same searches, asked by the node's own program: what the zome takes of each.
    for (let run = 0; run < RUNS; run += 1)
      await nodes.ann.command("search", "wordnet", "--id", String(run * 7), "--zome");
    const ofZome = nodes.ann.logged
      .map((line) => /called.*function="search".*ms=(\d+)/.exec(line.replaceAll(/\x1b\[\d*m/g, "")))
      .flatMap((took) => (took ? [Number(took[1])] : []));
    // An interaction: from the key to the next frame.
    const interactions = await page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const times: number[] = [];
      const radios = [...document.querySelectorAll<HTMLInputElement>('input[name="mode"]')];
      for (let run = 0; run < 12; run += 1) {
        const start = performance.now();
        radios[run % radios.length]?.click();
        await frame();
        times.push(performance.now() - start);
      }
      return times;
    });

    // The map: moved for some seconds.
    const mapBegan = Date.now();
    await page.getByRole("link", { name: "Map", exact: true }).click();
    await page.getByTestId("map").waitFor({ timeout: 300_000 });
    const mapSeconds = (Date.now() - mapBegan) / 1000;
    const box = await page.getByTestId("map").boundingBox();
    if (!box) throw new Error("the map has no place");
    await page.mouse.move(box.x + 300, box.y + 200);
    await page.mouse.down();
    const frames = page.evaluate(async () => {
      const times: number[] = [];
      let last = performance.now();
      const end = last + 4000;
      while (last < end) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const now = performance.now();
        times.push(now - last);
        last = now;
      }
      return times;
    });
    const until = Date.now() + 4000;
    for (let step = 0; Date.now() < until; step += 1)
      await page.mouse.move(box.x + 300 + 100 * Math.sin(step / 8), box.y + 200 + 60 * Math.cos(step / 8));
    await page.mouse.up();
    const times = await frames;
    const facts = await page.getByTestId("map-facts").innerText();
    console.log(
      JSON.stringify(
        {
          import_s: importSeconds,
          first_paint_ms: median(paints),
          javascript_gzip_bytes: { list: listBytes, with_an_open_collection: searchBytes },
          search_ms: { from_page: median(fromPage), of_zome: median(ofZome), zome_searches: ofZome.length },
          interaction_ms: { median: median(interactions), max: Math.max(...interactions) },
          map: {
            shown_after_s: mapSeconds,
            frames_a_second: Math.round((1000 * times.length) / times.reduce((sum, time) => sum + time, 0)),
            slowest_frame_ms: Math.round(Math.max(...times)),
            says: facts,
          },
        },
        null,
        2,
      ),
    );
  } finally {
    await context.close();
    await nodes.end();
  }
});

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) * 10) / 10;
}
