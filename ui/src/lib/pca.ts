/**
 * Principal components of many vectors: the plane on which they lie farthest apart.
 *
 * By block power iteration on a sample of the rows (Golub and Van Loan, Matrix Computations, 8.2), without the covariance
 * matrix: rows × dimension × components for each step. Then every row is projected.
 *
 * @module
 */

const SAMPLE_ROWS = 4000;
const STEPS = 24;

/** A plane: a mean and orthonormal axes, one after the other. */
export interface Plane {
  mean: Float32Array;
  axes: Float32Array[];
}

/** The plane of these rows. The same rows give the same plane. */
export function principal(vectors: Float32Array, dimension: number, components = 2): Plane {
  const rows = Math.floor(vectors.length / dimension);
  const stride = Math.max(1, Math.floor(rows / SAMPLE_ROWS));
  const mean = new Float32Array(dimension);
  let taken = 0;
  for (let row = 0; row < rows; row += stride) {
    for (let at = 0; at < dimension; at += 1) mean[at]! += vectors[row * dimension + at]!;
    taken += 1;
  }
  if (taken > 0) mean.forEach((sum, at) => (mean[at] = sum / taken));

  const wanted = Math.min(components, dimension);
  let axes = Array.from({ length: wanted }, (_, axis) => startAxis(dimension, axis));
  orthonormal(axes);
  for (let step = 0; step < STEPS; step += 1) {
    const next = axes.map(() => new Float32Array(dimension));
    for (let index = 0; index < axes.length; index += 1) {
      const [axis, into] = [axes[index]!, next[index]!];
      for (let row = 0; row < rows; row += stride) {
        const from = row * dimension;
        let length = 0;
        for (let at = 0; at < dimension; at += 1) length += (vectors[from + at]! - mean[at]!) * axis[at]!;
        for (let at = 0; at < dimension; at += 1) into[at]! += length * (vectors[from + at]! - mean[at]!);
      }
    }
    // Where all rows are alike there is nothing to follow.
    if (next.every((axis) => norm(axis) < 1e-12)) break;
    orthonormal(next);
    axes = next;
  }
  return { mean, axes };
}

/** Where rows lie on the plane: its coordinates for each row. */
export function project(vectors: Float32Array, dimension: number, { mean, axes }: Plane): Float32Array {
  const rows = Math.floor(vectors.length / dimension);
  const out = new Float32Array(rows * axes.length);
  axes.forEach((axis, index) => {
    for (let row = 0; row < rows; row += 1) {
      const from = row * dimension;
      let sum = 0;
      for (let at = 0; at < dimension; at += 1) sum += (vectors[from + at]! - mean[at]!) * axis[at]!;
      out[row * axes.length + index] = sum;
    }
  });
  return out;
}

/** For each row, which of the centres is nearest: by the angle, or by the distance. -1 where there are none. */
export function nearestCentre(
  vectors: Float32Array,
  centres: Float32Array,
  dimension: number,
  byAngle: boolean,
): Int32Array {
  const rows = Math.floor(vectors.length / dimension);
  const count = Math.floor(centres.length / dimension);
  const bias = new Float32Array(count);
  const scale = new Float32Array(count);
  for (let centre = 0; centre < count; centre += 1) {
    let square = 0;
    for (let at = 0; at < dimension; at += 1) square += centres[centre * dimension + at]! ** 2;
    // The nearest by distance has the largest x·c - c²/2.
    bias[centre] = byAngle ? 0 : -square / 2;
    scale[centre] = byAngle ? 1 / Math.sqrt(square || 1) : 1;
  }
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let centre = 0; centre < count; centre += 1) {
      let sum = 0;
      const a = row * dimension;
      const b = centre * dimension;
      for (let at = 0; at < dimension; at += 1) sum += vectors[a + at]! * centres[b + at]!;
      const value = sum * scale[centre]! + bias[centre]!;
      if (value > most) {
        most = value;
        best = centre;
      }
    }
    return best;
  });
}

function startAxis(dimension: number, seed: number): Float32Array {
  let state = (seed + 1) * 2_654_435_761;
  return Float32Array.from({ length: dimension }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

function norm(axis: Float32Array): number {
  return Math.sqrt(axis.reduce((sum, value) => sum + value * value, 0));
}

/** Gram and Schmidt. */
function orthonormal(axes: Float32Array[]): void {
  axes.forEach((axis, index) => {
    for (const before of axes.slice(0, index)) {
      const along = axis.reduce((sum, value, at) => sum + value * before[at]!, 0);
      axis.forEach((value, at) => (axis[at] = value - along * before[at]!));
    }
    const length = norm(axis) || 1;
    axis.forEach((value, at) => (axis[at] = value / length));
  });
}
