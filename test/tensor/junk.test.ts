/** Meaningless arguments are refused with a message by every function, never by a TypeError from inside, and leak nothing. */
import { describe, expect, it } from 'vitest';
import { F, memory, SarafError, scope, tensor } from '../../src/index.ts';
import * as named from '../../src/ops/public.ts';

const junk: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'x'],
  ['an object', { nonsense: 1 }],
  ['NaN', NaN],
  ['an empty array', []],
  ['an array of strings', ['x']],
  ['a function', () => 1],
  ['a fraction', 1.5],
  ['a bigint', 10n],
];

const functions = Object.entries({
  ...named,
  ...Object.fromEntries(Object.entries(F).map(([name, fn]) => [`F.${name}`, fn])),
} as Record<string, unknown>).filter(
  (entry): entry is [string, (...args: unknown[]) => unknown] => typeof entry[1] === 'function',
);

describe('meaningless arguments are refused', () => {
  it.each(functions)('by %s', (_, fn) => {
    const before = memory();
    const raw: string[] = [];
    scope(() => {
      const x = tensor([
        [1, 2],
        [3, 4],
      ]);
      const i = tensor([[0, 1]], { dtype: 'int32' });
      const around = [[], [x], [x, x], [x, 1], [x, 0, i], [x, i], [[2, 2]], [1], [[x, x]], [1, 3]];
      for (const good of around) {
        for (const [what, bad] of junk) {
          try {
            fn(...good, bad);
          } catch (error) {
            if (!(error instanceof SarafError)) raw.push(`${good.length} arguments, then ${what}: ${String(error)}`);
          }
        }
      }
    });
    expect(raw).toEqual([]);
    const after = memory();
    expect([after.tensors, after.bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
  });
});
