/** A misspelt option of a product is refused before anything is written: left out silently it would give other numbers. */
import { describe, expect, it } from 'vitest';
import { gemm, gemv } from '../../bindings/kernels/index.ts';

const floats = (n: number) => new Float32Array(n).fill(1);
const cases: [name: string, kernel: (options: never) => void, options: object, misspelt: string][] = [
  ['gemm', gemm, { m: 1, n: 1, k: 1, a: floats(1), b: floats(1), c: floats(1) }, 'transa'],
  ['gemv', gemv, { m: 1, n: 1, a: floats(1), x: floats(1), y: floats(1) }, 'Beta'],
];

describe('misspelt options', () => {
  it.each(cases)('%s', (name, kernel, options, misspelt) => {
    const run = kernel as (options: object) => void;
    const before = structuredClone(options);
    expect(() => run({ ...options, [misspelt]: 1 })).toThrow(`${name}: unknown option ${misspelt} (known: `);
    expect(options).toEqual(before);
    expect(() => run(options)).not.toThrow();
  });
});
