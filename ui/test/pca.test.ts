import { describe, expect, it } from "vitest";
import { nearestCentre, principal, project } from "../src/lib/pca";

/** Rows that lie far apart along (1, 1, 0), less along (1, -1, 0), and not at all along the third axis. */
function rows(count: number): Float32Array {
  return Float32Array.from({ length: count * 3 }, (_, at) => {
    const row = Math.floor(at / 3);
    const [far, near] = [10 * Math.sin(row), Math.cos(row * 7)];
    return at % 3 === 0 ? far + near : at % 3 === 1 ? far - near : 5;
  });
}

describe("principal components", () => {
  it("are the directions in which the rows lie farthest apart, at right angles and of length one", () => {
    const { axes, mean } = principal(rows(500), 3);
    const [first, second] = axes as [Float32Array, Float32Array];
    expect(Math.abs(first[0]!)).toBeCloseTo(Math.SQRT1_2, 2);
    expect(first[0]! * first[1]!).toBeGreaterThan(0);
    expect(second[0]! * second[1]!).toBeLessThan(0);
    expect(first.reduce((sum, value, at) => sum + value * second[at]!, 0)).toBeCloseTo(0, 4);
    expect(mean[2]).toBeCloseTo(5, 3);
  });
  it("place every row, also those that are not in the sample", () => {
    const all = rows(9000);
    const placed = project(all, 3, principal(all, 3));
    expect(placed).toHaveLength(18_000);
    expect(placed.every(Number.isFinite)).toBe(true);
  });
  it("of rows that are all alike are something finite", () => {
    const same = new Float32Array(30).fill(2);
    expect(project(same, 3, principal(same, 3)).every((value) => value === 0)).toBe(true);
  });
});

describe("the nearest centre", () => {
  const centres = new Float32Array([10, 0, 0, 1]);
  it("by the angle does not look at lengths", () => {
    expect([...nearestCentre(new Float32Array([1, 2, 3, 1]), centres, 2, true)]).toEqual([1, 0]);
  });
  it("by the distance does", () => {
    expect([...nearestCentre(new Float32Array([1, 0, 9, 9]), centres, 2, false)]).toEqual([1, 0]);
  });
  it("is none where there are none", () => {
    expect([...nearestCentre(new Float32Array([1, 0]), new Float32Array(), 2, true)]).toEqual([-1]);
  });
});
