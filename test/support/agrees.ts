/** Checks the value of an example's line against the comment after it. */
import { expect } from 'vitest';
import type { Tensor } from '../../src/index.ts';

/** A tensor of any copy of saraf. */
const isTensor = (value: unknown): value is Tensor => typeof (value as Tensor | undefined)?.toArray === 'function';

/** The value of a line, as plain numbers and lists. */
function plain(value: unknown): unknown {
  if (isTensor(value)) return value.toArray();
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

/** Whether a value agrees with the comment, to the precision of its digits. */
function agrees(got: unknown, expected: unknown): boolean {
  if (isTensor(got) && agrees([...got.shape], expected)) return true;
  const value = plain(got);
  if (typeof value === 'number' && typeof expected === 'number')
    return Object.is(value, expected) || Math.abs(value - expected) <= 1e-3 * Math.max(Math.abs(expected), 0.1);
  if (typeof value !== 'object' || value === null || typeof expected !== 'object' || expected === null)
    return value === expected;
  const [mine, wanted] = [
    Object.entries(isTensor(got) || ArrayBuffer.isView(got) ? value : (got as object)),
    Object.entries(expected),
  ];
  return mine.length === wanted.length && wanted.every(([key, one]) => agrees(Object.fromEntries(mine)[key], one));
}

/** Fails if a value does not agree with the comment. */
export function check(got: unknown, expected: unknown): void {
  if (!agrees(got, expected)) expect(plain(got)).toEqual(expected);
}
