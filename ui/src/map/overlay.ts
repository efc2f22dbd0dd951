/**
 * What lies over the points of the map: the cells' centres, the route of a search, what is hovered and chosen.
 *
 * Draws on a canvas of two dimensions, with what it is given, and changes nothing else.
 *
 * @module
 */

import type { CellInfo } from "rose-forest-client";
import { cellColour } from "./colours";
import { nameOf } from "./load";
import type { Route } from "./route";

/** What is drawn. Places are on the plane, two coordinates for each point or cell. */
export interface Scene {
  xy: Float32Array;
  cells: readonly CellInfo[];
  /** Where the cells' centres lie; not a number where that is not known. */
  centres: Float32Array;
  /** The number of a cell by its name. */
  cellNames: ReadonlyMap<string, number>;
  showCells: boolean;
  /** Whether points have the colours of their cells: then the centres have them, too. */
  byCell: boolean;
  route: Route | undefined;
  /** Points that have a ring around them. */
  marked: readonly number[];
}

/** The colours of the page that are drawn with. */
export interface Inks {
  ink: string;
  paper: string;
  rose: string;
  accent: string;
}

/** The page's colours as they are now: they change with its theme. `page.css` registers those that are read here. */
export function pageInks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: colour("--ink"),
    paper: colour("--paper"),
    rose: colour("--rose"),
    accent: colour("--accent"),
  };
}

/** Where a place on the plane is on the canvas. */
type At = (x: number, y: number) => [number, number];

/** Draws all of it; later parts lie over earlier ones. */
export function drawOverlay(context: CanvasRenderingContext2D, at: At, scene: Scene, inks: Inks): void {
  const { route } = scene;
  if (route) drawRoute(context, at, scene, route, inks);
  if (scene.showCells) drawCells(context, at, scene, inks);
  if (route) drawQuery(context, at, route, inks);
  drawMarked(context, at, scene, inks);
}

/** Lines to the cells that were probed, thicker where more rows were read; rings around what was found. */
function drawRoute(
  context: CanvasRenderingContext2D,
  at: At,
  { xy, centres, cellNames }: Scene,
  { query, trace, hits }: Route,
  { rose, accent }: Inks,
): void {
  const [qx, qy] = at(...query);
  for (const { cell, rows } of trace.probed) {
    const index = cellNames.get(nameOf(cell));
    if (index === undefined || Number.isNaN(centres[index * 2])) continue;
    const [x, y] = at(centres[index * 2]!, centres[index * 2 + 1]!);
    context.strokeStyle = accent;
    context.globalAlpha = 0.55;
    context.lineWidth = 1 + Math.min(4, Math.log10(1 + Number(rows)));
    line(context, qx, qy, x, y);
  }
  context.globalAlpha = 1;
  context.strokeStyle = rose;
  context.lineWidth = 2;
  for (const hit of hits) {
    const [x, y] = at(xy[hit * 2]!, xy[hit * 2 + 1]!);
    ring(context, x, y, 6);
    context.stroke();
  }
}

/** A diamond for each cell, larger where it has more rows. On a route, those that were not considered are faint. */
function drawCells(
  context: CanvasRenderingContext2D,
  at: At,
  { cells, centres, byCell, route }: Scene,
  { ink, paper, accent }: Inks,
): void {
  const considered = new Set(route?.trace.considered.map(nameOf));
  const probed = new Set(route?.trace.probed.map(({ cell }) => nameOf(cell)));
  cells.forEach(({ cell, rows }, index) => {
    if (Number.isNaN(centres[index * 2])) return;
    const [x, y] = at(centres[index * 2]!, centres[index * 2 + 1]!);
    const name = nameOf(cell);
    const size = 4 + Math.min(7, Math.sqrt(Number(rows)) / 4);
    context.globalAlpha = route && !considered.has(name) ? 0.3 : 1;
    diamond(context, x, y, probed.has(name) ? size + 3 : size);
    context.fillStyle = byCell ? cellColour(index) : paper;
    context.fill();
    context.lineWidth = probed.has(name) ? 3 : 1.5;
    context.strokeStyle = probed.has(name) ? accent : ink;
    context.stroke();
  });
  context.globalAlpha = 1;
}

/** Where the search began. */
function drawQuery(context: CanvasRenderingContext2D, at: At, { query }: Route, { rose, paper }: Inks): void {
  const [x, y] = at(...query);
  context.fillStyle = rose;
  context.strokeStyle = paper;
  context.lineWidth = 2;
  ring(context, x, y, 8);
  context.fill();
  context.stroke();
}

function drawMarked(context: CanvasRenderingContext2D, at: At, { xy, marked }: Scene, { ink }: Inks): void {
  for (const point of marked) {
    const [x, y] = at(xy[point * 2]!, xy[point * 2 + 1]!);
    context.strokeStyle = ink;
    context.lineWidth = 2.5;
    ring(context, x, y, 8);
    context.stroke();
  }
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
}

function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}
