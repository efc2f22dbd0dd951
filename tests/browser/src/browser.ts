/**
 * The browser, and what is asked of every page.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { BrowserContext, Page } from "@playwright/test";

/** The distribution's Chromium. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether `ui/dist` is shown in place of the page that the program was built with. */
const OVERLAY = process.env.ROSE_FOREST_PAGE === "dist";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A page that Playwright puts in the place of another one counts as one of the open network.
  ...(OVERLAY ? ["--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets"] : []),
];

const DIST = fileURLToPath(new URL("../../../ui/dist", import.meta.url));
const PICTURES =
  process.env.BROWSER_SCREENSHOTS ??
  fileURLToPath(new URL("../../../target/browser/screenshots", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** What a page asked for that is not on this machine, and what it could not do. */
export interface Watched {
  elsewhere: string[];
  errors: string[];
}

/** Watches what pages of this context ask for. */
export async function watch(context: BrowserContext): Promise<Watched> {
  const watched: Watched = { elsewhere: [], errors: [] };
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (!["blob:", "data:"].includes(protocol) && hostname !== "127.0.0.1")
      watched.elsewhere.push(request.url());
  });
  context.on("page", (page) => {
    page.on("pageerror", (error) => {
      console.error("in the page:", error.message);
      watched.errors.push(error.message);
    });
    page.on("websocket", (socket) => {
      if (new URL(socket.url()).hostname !== "127.0.0.1") watched.elsewhere.push(socket.url());
    });
    page.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) watched.errors.push(message.text());
    });
  });
  if (OVERLAY) await overlay(context);
  return watched;
}

/** Shows `ui/dist` under the same address, so that a page can be tried without building the program anew. */
async function overlay(context: BrowserContext): Promise<void> {
  await context.route(/\/ui\//, async (route) => {
    const name = new URL(route.request().url()).pathname.replace(/^.*\/ui\//, "") || "index.html";
    const path = join(DIST, name);
    if (!existsSync(path)) return route.fulfill({ status: 404 });
    return route.fulfill({ contentType: TYPES[extname(path)], body: readFileSync(path) });
  });
}

/** A picture for people. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/**
 * What keeps a view from being for everybody: whatever axe calls serious or worse, light and dark; and what is wider than a
 * phone. Takes pictures, too.
 */
export async function look(page: Page, name: string, problems: string[]): Promise<void> {
  for (const colours of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    for (const { id, nodes } of serious)
      problems.push(`${name}, ${colours}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    await picture(page, `${name}-${colours}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, `${name}-phone`);
  const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if ((width ?? 0) > (room ?? 0)) problems.push(`${name}: ${width} pixels wide on a phone of ${room}`);
  if (size) await page.setViewportSize(size);
}
