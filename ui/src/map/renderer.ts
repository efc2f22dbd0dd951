/**
 * Draws points by WebGL2, and what lies over them (centres, routes, hits) on a canvas of its own. Draws when something has
 * changed and not otherwise.
 *
 * One buffer and one call for all points: of what a frame costs under software rendering nearly all is the filling of pixels.
 *
 * @module
 */

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
out vec4 shade;
void main() {
  gl_Position = vec4((place - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  shade = colour;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade;
out vec4 pixel;
void main() {
  vec2 from = gl_PointCoord - 0.5;
  if (dot(from, from) > 0.25) discard;
  pixel = vec4(shade.rgb * shade.a, shade.a);
}`;

/** What part of the plane is seen. */
export interface Eye {
  x: number;
  y: number;
  /** Pixels for a unit of the plane. */
  zoom: number;
}

export class Renderer {
  eye: Eye = { x: 0, y: 0, zoom: 1 };
  /** Draws what lies over the points. */
  over:
    | ((context: CanvasRenderingContext2D, at: (x: number, y: number) => [number, number]) => void)
    | undefined;
  /** Called after each frame with the milliseconds since the one before it, while frames follow each other. */
  onFrame: ((milliseconds: number) => void) | undefined;
  readonly #gl: WebGL2RenderingContext;
  readonly #flat: CanvasRenderingContext2D;
  readonly #program: WebGLProgram;
  readonly #places: WebGLBuffer;
  readonly #colours: WebGLBuffer;
  #count = 0;
  #xy = new Float32Array();
  #grid = new Map<number, number[]>();
  #step = 1;
  #asked = 0;
  #last = 0;

  /** Throws an `Error` with a sentence where there is no WebGL2. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly overlay: HTMLCanvasElement,
  ) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, premultipliedAlpha: true });
    const flat = overlay.getContext("2d");
    if (!gl || !flat) throw new Error("This browser has no WebGL2.");
    this.#gl = gl;
    this.#flat = flat;
    this.#program = built(gl);
    this.#places = gl.createBuffer();
    this.#colours = gl.createBuffer();
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.#attribute("place", this.#places, 2, gl.FLOAT, false);
    this.#attribute("colour", this.#colours, 4, gl.UNSIGNED_BYTE, true);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  get isLost(): boolean {
    return this.#gl.isContextLost();
  }

  /** Two coordinates for each point. */
  setPlaces(xy: Float32Array<ArrayBuffer>): void {
    const gl = this.#gl;
    this.#xy = xy;
    this.#count = xy.length / 2;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    gl.bufferData(gl.ARRAY_BUFFER, xy, gl.STATIC_DRAW);
    this.#index();
    this.draw();
  }

  /** Red, green, blue and opacity for each point. */
  setColours(colours: Uint8Array<ArrayBuffer>): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours);
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.STATIC_DRAW);
    this.draw();
  }

  /** Shows all of it. */
  fit(): void {
    const box = boxOf(this.#xy);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.eye = {
      x: (box.left + box.right) / 2,
      y: (box.bottom + box.top) / 2,
      zoom: 0.9 * Math.min(width / (box.right - box.left || 1), height / (box.top - box.bottom || 1)),
    };
    this.draw();
  }

  /** Draws in the next frame. */
  draw(): void {
    this.#asked ||= requestAnimationFrame((now) => {
      this.#asked = 0;
      this.#frame();
      const since = now - this.#last;
      if (this.#last > 0 && since < 500) this.onFrame?.(since);
      this.#last = now;
    });
  }

  /** Where a point of the plane is on the canvas, in its pixels. */
  toCanvas(x: number, y: number): [number, number] {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [(x - this.eye.x) * this.eye.zoom + width / 2, (this.eye.y - y) * this.eye.zoom + height / 2];
  }

  /** Where a pixel of the canvas is on the plane. */
  toPlane(x: number, y: number): [number, number] {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [(x - width / 2) / this.eye.zoom + this.eye.x, this.eye.y - (y - height / 2) / this.eye.zoom];
  }

  /** The point nearest to a pixel, not farther than so many pixels. */
  pick(x: number, y: number, within = 10): number | undefined {
    const [px, py] = this.toPlane(x, y);
    const reach = within / this.eye.zoom;
    let best: number | undefined;
    let least = reach * reach;
    const span = Math.ceil(reach / this.#step);
    const [gx, gy] = [Math.floor(px / this.#step), Math.floor(py / this.#step)];
    const look = (point: number) => {
      const distance = (this.#xy[point * 2]! - px) ** 2 + (this.#xy[point * 2 + 1]! - py) ** 2;
      if (distance <= least) [best, least] = [point, distance];
    };
    if (span > 20) for (let point = 0; point < this.#count; point += 1) look(point);
    else
      for (let ix = gx - span; ix <= gx + span; ix += 1)
        for (let iy = gy - span; iy <= gy + span; iy += 1) this.#grid.get(keyOf(ix, iy))?.forEach(look);
    return best;
  }

  close(): void {
    cancelAnimationFrame(this.#asked);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #frame(): void {
    const gl = this.#gl;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    // Two pixels for each of the page's at most: more cost time and are not seen.
    const ratio = Math.min(2, devicePixelRatio || 1);
    for (const canvas of [this.canvas, this.overlay]) {
      if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
      if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    }
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.#program);
    const uniform = (name: string) => gl.getUniformLocation(this.#program, name);
    gl.uniform2f(uniform("centre"), this.eye.x, this.eye.y);
    gl.uniform2f(uniform("scale"), (2 * this.eye.zoom) / width, (2 * this.eye.zoom) / height);
    gl.uniform1f(uniform("size"), this.#pointPixels() * ratio);
    if (this.#count > 0) gl.drawArrays(gl.POINTS, 0, this.#count);
    this.#flat.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#flat.clearRect(0, 0, width, height);
    this.over?.(this.#flat, (x, y) => this.toCanvas(x, y));
  }

  /** Fewer points are larger. */
  #pointPixels(): number {
    return this.#count > 10_000 ? 3.5 : this.#count > 1000 ? 5 : 8;
  }

  #index(): void {
    const box = boxOf(this.#xy);
    this.#step = Math.max(box.right - box.left, box.top - box.bottom, 1e-9) / 100;
    this.#grid = new Map();
    for (let point = 0; point < this.#count; point += 1) {
      const key = keyOf(
        Math.floor(this.#xy[point * 2]! / this.#step),
        Math.floor(this.#xy[point * 2 + 1]! / this.#step),
      );
      const there = this.#grid.get(key);
      if (there) there.push(point);
      else this.#grid.set(key, [point]);
    }
  }

  #attribute(name: string, buffer: WebGLBuffer, size: number, type: number, normalized: boolean): void {
    const gl = this.#gl;
    const at = gl.getAttribLocation(this.#program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, normalized, 0, 0);
  }
}

function keyOf(x: number, y: number): number {
  return (x + 100_000) * 1_000_003 + y;
}

/** What holds nearly all points: a few that are far off do not make the others small. */
function boxOf(xy: Float32Array): { left: number; right: number; bottom: number; top: number } {
  if (xy.length === 0) return { left: -1, right: 1, bottom: -1, top: 1 };
  const sorted = (axis: number) =>
    Float32Array.from({ length: xy.length / 2 }, (_, at) => xy[at * 2 + axis]!).sort();
  const [xs, ys] = [sorted(0), sorted(1)];
  const cut = xs.length > 500 ? Math.floor(xs.length / 500) : 0;
  return { left: xs[cut]!, right: xs[xs.length - 1 - cut]!, bottom: ys[cut]!, top: ys[ys.length - 1 - cut]! };
}

function built(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("WebGL2 is out of order.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("WebGL2 is out of order.");
  return program;
}
