/** Comparison of what two implementations of a model give. */
import { expect } from 'vitest';
import type { Tensor } from '../../src/index.ts';

/** Same shapes and types, and elements that differ by at most `tolerance`, relative to 1 + |expected|. */
export function expectClose(got: readonly Tensor[], expected: readonly Tensor[], tolerance: number): void {
  expect(got.map(({ shape, dtype }) => [shape, dtype])).toEqual(expected.map(({ shape, dtype }) => [shape, dtype]));
  got.forEach((t, i) => {
    const [a, b] = [t.dataSync(), expected[i]!.dataSync()];
    let worst = 0;
    for (let j = 0; j < b.length; j++) worst = Math.max(worst, Math.abs(a[j]! - b[j]!) / (1 + Math.abs(b[j]!)));
    expect(worst, `output ${i}`).toBeLessThanOrEqual(tolerance);
  });
}
