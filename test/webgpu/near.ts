/** Compares results of the GPU with those of the reference. */
import { expect } from 'vitest';

const RELATIVE = 1e-4;

/** Numbers below this count as indices: as floats they would be denormal. */
const SMALLEST_FLOAT_BITS = 0x00800000;

/**
 * Fails unless words are the same int32, or the same float32 up to 1e-4 of it or of the largest of all; NaN and ±∞ must be where
 * they are expected. Both are lists of words.
 */
export function expectNear(got: readonly number[], want: readonly number[], note: string): void {
  expect(got.length, note).toBe(want.length);
  const a = new Float32Array(Int32Array.from(got).buffer);
  const b = new Float32Array(Int32Array.from(want).buffer);
  let scale = 0;
  for (const value of b) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  const tolerance = RELATIVE * Math.min(scale, 1);
  want.forEach((word, i) => {
    if (got[i] === word) return;
    const isFloat = Math.abs(word) >= SMALLEST_FLOAT_BITS || word === 0 || word === -(2 ** 31);
    const [x, y] = [a[i]!, b[i]!];
    const isSame = Number.isFinite(y)
      ? Math.abs(x - y) <= tolerance + RELATIVE * Math.abs(y)
      : Object.is(x, y);
    if (!isFloat || !isSame) {
      expect.fail(`${note}: element ${i} is ${x} (word ${got[i]}), expected ${y} (word ${word})`);
    }
  });
}
