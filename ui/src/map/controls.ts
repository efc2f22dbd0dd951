/**
 * Moving about on the map by pointers, wheel and keys.
 *
 * Moves the renderer's eye and asks it which point is where; what was pointed at or chosen is told, and kept by whoever listens.
 *
 * @module
 */

import type { Renderer } from "./renderer";

/** What is told. */
export interface Listener {
  /** The pointer is over this point, or over none, at this pixel of the canvas. */
  hovered(point: number | undefined, x: number, y: number): void;
  /** A point was chosen, or none. */
  chosen(point: number | undefined): void;
  /** So many frames a second are drawn while the map is held and moved. */
  framesASecond(frames: number): void;
}

/** Frames whose mean is told. */
const FRAMES = 20;
/** Pixels that a pointer may move while it is down without dragging. */
const STILL_PIXELS = 4;
/** How far from the middle Enter looks for a point, in pixels. */
const ENTER_PIXELS = 200;
/** How far an arrow moves, in pixels. */
const STEP_PIXELS = 60;

export class Controls {
  #dragging: { x: number; y: number; moved: boolean } | undefined;
  /** Where each pointer that is down was last. */
  readonly #pointers = new Map<number, [number, number]>();
  /** Milliseconds of the last frames. */
  #times: number[] = [];

  constructor(
    readonly renderer: Renderer,
    readonly listener: Listener,
  ) {
    renderer.onFrame = (milliseconds) => this.#measure(milliseconds);
    const canvas = renderer.overlay;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => listener.hovered(undefined, 0, 0));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    // Over the buttons on the map, too: the page does not scroll there.
    const around = canvas.parentElement ?? canvas;
    around.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** Makes everything so many times as large; what is at this pixel stays there. In the middle if no pixel is named. */
  zoom(
    by: number,
    x = this.renderer.canvas.clientWidth / 2,
    y = this.renderer.canvas.clientHeight / 2,
  ): void {
    const { renderer } = this;
    const [px, py] = renderer.toPlane(x, y);
    renderer.eye.zoom *= by;
    const [nx, ny] = renderer.toPlane(x, y);
    renderer.eye.x += px - nx;
    renderer.eye.y += py - ny;
    renderer.draw();
  }

  #down(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.#dragging = { x: event.offsetX, y: event.offsetY, moved: false };
    this.renderer.overlay.setPointerCapture(event.pointerId);
    this.#times = [];
    requestAnimationFrame(() => this.#keepDrawing());
  }

  #move(event: PointerEvent): void {
    const { offsetX: x, offsetY: y } = event;
    if (this.#pointers.size === 2 && this.#pointers.has(event.pointerId)) {
      const before = this.#apart();
      this.#pointers.set(event.pointerId, [x, y]);
      this.zoom(this.#apart().size / (before.size || 1), before.x, before.y);
    } else if (this.#dragging && event.buttons) {
      const [dx, dy] = [x - this.#dragging.x, y - this.#dragging.y];
      if (!this.#dragging.moved && Math.hypot(dx, dy) < STILL_PIXELS) return;
      const { eye } = this.renderer;
      eye.x -= dx / eye.zoom;
      eye.y += dy / eye.zoom;
      this.#dragging = { x, y, moved: true };
      this.renderer.draw();
    } else {
      this.listener.hovered(this.renderer.pick(x, y), x, y);
    }
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#dragging && !this.#dragging.moved)
      this.listener.chosen(this.renderer.pick(event.offsetX, event.offsetY));
    this.#dragging = undefined;
  }

  /** How far two pointers are from each other, and what is between them. */
  #apart(): { size: number; x: number; y: number } {
    const [[ax, ay], [bx, by]] = [...this.#pointers.values()] as [[number, number], [number, number]];
    return { size: Math.hypot(ax - bx, ay - by), x: (ax + bx) / 2, y: (ay + by) / 2 };
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.renderer.overlay.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - left, event.clientY - top);
  }

  #key(event: KeyboardEvent): void {
    const { renderer, listener } = this;
    const { eye, canvas } = renderer;
    const step = STEP_PIXELS / eye.zoom;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => (eye.x -= step),
      ArrowRight: () => (eye.x += step),
      ArrowUp: () => (eye.y += step),
      ArrowDown: () => (eye.y -= step),
      "+": () => this.zoom(1.25),
      "-": () => this.zoom(0.8),
      "0": () => renderer.fit(),
      Escape: () => listener.chosen(undefined),
      Enter: () =>
        listener.chosen(renderer.pick(canvas.clientWidth / 2, canvas.clientHeight / 2, ENTER_PIXELS)),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    renderer.draw();
  }

  /** While the map is held, every frame is drawn: how many those are is measured, not how often the pointer moves. */
  #keepDrawing(): void {
    if (!this.#dragging) return;
    if (this.#dragging.moved) this.renderer.draw();
    requestAnimationFrame(() => this.#keepDrawing());
  }

  #measure(milliseconds: number): void {
    if (!this.#dragging?.moved) return;
    this.#times = [...this.#times.slice(1 - FRAMES), milliseconds];
    if (this.#times.length < FRAMES) return;
    const mean = this.#times.reduce((sum, time) => sum + time, 0) / FRAMES;
    this.listener.framesASecond(Math.round(1000 / mean));
  }
}
