import { describe, expect, test } from 'vitest';
import { encodeCrossEntropy, encodeCrossEntropyGrad } from '../../bindings/generated/encode.ts';
import { expectClose, inSandbox, kernelExecutors, randomFloats, randomInts, withAt } from '../support/heap.ts';
import { crossEntropyCases } from './crossEntropy.cases.ts';

interface Problem {
  x: number[];
  target: number[];
  weight?: number[] | undefined;
  cols: number;
  /** 0: none, 1: mean, 2: sum. */
  reduction?: number;
  ignoreIndex?: number;
  smoothing?: number;
}

interface Result {
  loss: number[];
  lse: number[];
  norm: number[];
}

function oracle({ x, target, weight, cols, reduction = 1, ignoreIndex = -100, smoothing = 0 }: Problem): Result {
  const w = (c: number) => weight?.[c] ?? 1;
  const lse = target.map((_, r) => {
    const row = x.slice(r * cols, (r + 1) * cols);
    const max = Math.max(...row);
    return max + Math.log(row.reduce((s, v) => s + Math.exp(v - max), 0));
  });
  const losses = target.map((t, r) => {
    if (t === ignoreIndex) return 0;
    const nll = (c: number) => w(c) * (lse[r]! - x[r * cols + c]!);
    if (smoothing === 0) return nll(t);
    const all = Array.from({ length: cols }, (_, c) => nll(c)).reduce((a, b) => a + b, 0);
    return (1 - smoothing) * nll(t) + (smoothing / cols) * all;
  });
  const norm = target.reduce((sum, t) => sum + (t === ignoreIndex ? 0 : w(t)), 0);
  const total = losses.reduce((a, b) => a + b, 0);
  return { loss: reduction === 0 ? losses : [reduction === 1 ? total / norm : total], lse, norm: [norm] };
}

/** Central differences of the oracle's total, weighted by g. */
function gradOracle(problem: Problem, g: number[]): number[] {
  const total = (x: number[]) => oracle({ ...problem, x }).loss.reduce((sum, loss, i) => sum + loss * g[i]!, 0);
  const h = 1e-5;
  return problem.x.map((v, i) => (total(withAt(problem.x, i, v + h)) - total(withAt(problem.x, i, v - h))) / (2 * h));
}

describe.each(kernelExecutors)('crossEntropy on %s', (_, executor) => {
  function run(problem: Problem, g?: number[], offset = 0): Result & { gx: number[] } {
    const { cols, reduction = 1, ignoreIndex = -100, smoothing = 0 } = problem;
    const rows = problem.target.length;
    return inSandbox(executor, (box) => {
      const x = box.put(problem.x, 'float32', offset);
      const target = box.put(problem.target, 'int32', offset + 1);
      const weight = problem.weight === undefined ? 0 : box.put(problem.weight, 'float32', offset + 2);
      const loss = box.room(reduction === 0 ? rows : 1, offset + 3);
      const lse = box.room(rows, offset + 1);
      const norm = box.room(1);
      const gx = box.room(rows * cols, offset + 1);
      const options = { rows, cols, reduction, ignoreIndex, smoothing };
      encodeCrossEntropy(executor.program, { x, target, weight, loss, lse, norm, ...options });
      if (g !== undefined) {
        const gradient = box.put(g, 'float32', offset);
        encodeCrossEntropyGrad(executor.program, { x, target, weight, lse, norm, g: gradient, gx, ...options });
      }
      box.run(`crossEntropy [${rows}, ${cols}]`);
      return { loss: box.floats(loss), lse: box.floats(lse), norm: box.floats(norm), gx: box.floats(gx) };
    });
  }

  const shapes = [
    [1, 1],
    [3, 2],
    [5, 3],
    [4, 4],
    [2, 5],
    [64, 10],
    [130, 7],
    [9, 32],
    [9, 33],
    [2, 67],
  ] as const;

  describe.each([0, 1, 2])('reduction %i', (reduction) => {
    test.each([0, 0.1, 1])('is right for every option, smoothing %f', (smoothing) => {
      shapes.forEach(([rows, cols], seed) => {
        for (const weighted of [false, true]) {
          for (const ignoreIndex of [-100, 0]) {
            const x = randomFloats(rows * cols, seed, -5, 5);
            const target = randomInts(rows, seed + 1, 0, cols).map((t, r) => (r % 5 === 4 ? ignoreIndex : t));
            target[0] = cols - 1;
            const weight = weighted ? randomFloats(cols, seed + 2, 0.5, 2) : undefined;
            const problem = { x, target, weight, cols, reduction, ignoreIndex, smoothing };
            if (cols === 1 && ignoreIndex === 0) continue;
            const note = `[${rows}, ${cols}] weighted ${weighted} ignore ${ignoreIndex} seed ${seed}`;
            const actual = run(problem, undefined, seed % 4);
            const expected = oracle(problem);
            expectClose(actual.loss, expected.loss, { relative: 2e-6, absolute: 1e-6 }, `loss ${note}`);
            expectClose(actual.lse, expected.lse, { relative: 5e-7, absolute: 5e-7 }, `lse ${note}`);
            expectClose(actual.norm, expected.norm, { relative: 1e-7 }, `norm ${note}`);
            if (rows * cols > 300) continue;
            const g = randomFloats(reduction === 0 ? rows : 1, seed + 3, 0.5, 2);
            const { gx } = run(problem, g, seed % 4);
            expectClose(gx, gradOracle(problem, g), { relative: 1e-5, absolute: 1e-5 }, `gradient ${note}`);
          }
        }
      });
    });
  });

  test.each(crossEntropyCases)('PyTorch: weighted $weighted, smoothing $smoothing, reduction $reduction', (golden) => {
    const x = [0.5, -1.25, 2, 3, 0.25, -0.75, -2, 1.5, 0, 10, -10, 4];
    const weight = golden.weighted ? [0.5, 2, 1.25] : undefined;
    const { smoothing, reduction } = golden;
    const problem = { x, target: [2, 0, -100, 1], weight, cols: 3, reduction, smoothing };
    const { loss, gx } = run(problem, reduction === 0 ? [1, 2, 3, 4] : [1]);
    expectClose(loss, golden.loss, { relative: 1e-6 }, 'loss');
    expectClose(gx, golden.gradient, { relative: 1e-6, absolute: 1e-6 }, 'gradient');
  });

  test('treats impossible classes as PyTorch does', () => {
    // F.cross_entropy(x, [1, 1], reduction='none') = [1.3133, inf]; with label_smoothing=0.1 and targets [1, 0] [inf, inf]; torch 1.13.
    const x = [-Infinity, 0, 1, 0, -Infinity, 1];
    const plain = run({ x, target: [1, 1], cols: 3, reduction: 0 }, [1, 1]);
    expectClose(plain.loss, [1.3133, Infinity], { absolute: 5e-5 }, 'loss');
    const [p, q] = [1 / (1 + Math.E), Math.E / (1 + Math.E)];
    expectClose(plain.gx, [0, p - 1, q, p, -1, q], { relative: 1e-6 }, 'gradient');
    expect(run({ x, target: [1, 0], cols: 3, reduction: 0, smoothing: 0.1 }).loss).toEqual([Infinity, Infinity]);
  });

  test('gives mean NaN, sum 0 and gradient 0 if all rows are ignored, as PyTorch does', () => {
    const problem = { x: randomFloats(6, 1), target: [-100, -100], cols: 3 };
    const mean = run(problem, [1]);
    expect(mean.loss).toEqual([NaN]);
    expect(mean.norm).toEqual([0]);
    expect(mean.gx).toEqual([0, 0, 0, 0, 0, 0]);
    expect(run({ ...problem, reduction: 2 }).loss).toEqual([0]);
    expect(run({ ...problem, reduction: 0 }).loss).toEqual([0, 0]);
    expect(run({ x: [], target: [], cols: 3 }).loss).toEqual([NaN]);
  });

  test('large logits lose no precision; NaN stays in its row', () => {
    const large = run({ x: [20000, 20000, -20000, 20001], target: [0, 0], cols: 2, reduction: 0 });
    expectClose(
      large.loss,
      [Math.LN2, 0].map((v, r) => (r === 0 ? v : 40001)),
      { relative: 1e-6 },
      'large',
    );
    for (const bad of [NaN, Infinity]) {
      const { loss } = run({ x: [bad, 0, 0, 0, 0, bad], target: [0, 1, 0], cols: 2, reduction: 0 });
      expectClose(loss, [NaN, Math.LN2, NaN], { relative: 1e-6 }, `${bad}`);
    }
  });
});
