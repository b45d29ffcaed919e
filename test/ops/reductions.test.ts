/** Reductions over dimensions that are not adjacent, against plain loops. */
import { expect, it } from 'vitest';
import { memory, scope, type Tensor, tensor } from '../../src/index.ts';
import { seeded } from '../support/commands.ts';

/** `fold` of the elements of `values` [shape], row-major, that share all indices except those of `dims`. */
function folded(values: Float32Array, shape: number[], dims: number[], fold: (a: number, b: number) => number) {
  const kept = [...shape.keys()].filter((d) => !dims.includes(d));
  const out = new Map<string, number>();
  values.forEach((v, i) => {
    let rest = i;
    const index = shape.map(() => 0);
    for (const d of [...shape.keys()].reverse()) {
      index[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    const key = kept.map((d) => String(index[d]).padStart(4, '0')).join();
    const old = out.get(key);
    out.set(key, old === undefined ? v : fold(old, v));
  });
  return [...out.keys()].sort().map((key) => out.get(key)!);
}

const cases: [shape: number[], dims: number[]][] = [
  [
    [3, 4, 5, 6],
    [0, 2, 3],
  ],
  [
    [3, 4, 5, 2],
    [0, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 2],
  ],
  [
    [3, 2, 4, 2, 20],
    [0, 2, 4],
  ],
  [
    [1, 5, 7],
    [0, 2],
  ],
];

it.each(cases)('reductions of %j over %j are right', (shape, dims) => {
  const n = shape.reduce((a, b) => a * b, 1);
  const random = seeded(n);
  const values = Float32Array.from({ length: n }, () => random() * 2 - 0.5);
  const back = [...shape.keys()].reverse();
  scope(() => {
    const x = tensor(values, { shape });
    const turned = x.permute(back).clone().permute(back);
    const close = (y: Tensor, want: number[]) => {
      const got = y.dataSync();
      expect(got.length).toBe(want.length);
      want.forEach((v, i) => {
        expect(got[i]).toBeCloseTo(v, 4);
      });
    };
    for (const t of [x, turned]) {
      const before = memory().tensors;
      const sums = t.sum(dims);
      expect(memory().tensors).toBe(before + 1);
      close(
        sums,
        folded(values, shape, dims, (a, b) => a + b),
      );
      expect(t.sum(dims, { keepdim: true }).shape).toEqual(shape.map((size, d) => (dims.includes(d) ? 1 : size)));
      const count = dims.reduce((size, d) => size * shape[d]!, 1);
      close(
        t.mean(dims),
        folded(values, shape, dims, (a, b) => a + b).map((v) => v / count),
      );
      close(
        t.prod(dims),
        folded(values, shape, dims, (a, b) => a * b),
      );
    }
  });
});

it('max and min of booleans are booleans', () => {
  scope(() => {
    for (const values of [[true, false], [true], [false, false]]) {
      const x = tensor(values);
      expect([x.max().dtype, x.min().dtype, x.max(0).values.dtype]).toEqual(['bool', 'bool', 'bool']);
      expect([x.max().toArray(), x.min().toArray()]).toEqual([values.includes(true), !values.includes(false)]);
    }
  });
});
