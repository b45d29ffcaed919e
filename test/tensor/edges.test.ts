/**
 * All public operations at the edges: without elements, with one, without dimensions and with six, strided, of integers
 * and bools, with NaN and infinite numbers. In every random case, every executor agrees with the reference in double
 * precision, the result has the shape that follows from the definition, impossible calls are refused with a message,
 * and nothing leaks. The environment variables SEED and RUNS extend the search.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memory, onesLike, SarafError, scope, Tensor, tensor } from '../../src/index.ts';
import { moveTo } from '../../src/ops/index.ts';
import * as named from '../../src/ops/public.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import type { Call } from '../support/edgeCall.ts';
import { drawTensor, edgeOps } from '../support/edgeOps.ts';
import { executors } from '../support/executors.ts';
import { Source } from '../support/source.ts';

const SEED = Number(process.env.SEED ?? 20240);
const RUNS = Number(process.env.RUNS ?? 60);
const doubles = new ReferenceExecutor({ precision: 64 });
const all = [['doubles', doubles] as const, ...executors];

const dtypes = ['float32', 'float32', 'float32', 'int32', 'bool'];
const sizes = [0, 1, 1, 2, 3];

/** The outcome of a call: values and their shapes, or the refusal. */
type Outcome =
  | { shapes: number[][]; dtypes: string[]; values: number[][]; gradients: number[][] }
  | { refusal: string; message: string };

interface Drawn {
  call: Call;
  inputs: Tensor[];
  transposed: boolean;
  dtype: string;
}

function draw(name: string, seed: number): Drawn {
  const source = new Source(seed);
  const dtype = source.pick(dtypes);
  const ndim = source.pick([0, 1, 1, 2, 2, 3, 3, 4, 6]);
  const shape = Array.from({ length: ndim }, () => source.pick(ndim === 6 ? [1, 1, 2] : sizes));
  const call = edgeOps[name]!(source, shape);
  const special = source.chance(0.3);
  const transposed = source.flip();
  const stored = transposed ? [...shape].reverse() : shape;
  const others = (call.others ?? []).map(({ shape: own, below }) =>
    below === undefined
      ? drawTensor(source, own, dtype, special)
      : tensor(
          Int32Array.from({ length: own.reduce((a, b) => a * b, 1) }, () => source.whole(0, below - 1)),
          { shape: [...own] },
        ),
  );
  return { call, inputs: [drawTensor(source, stored, dtype, special), ...others], transposed, dtype };
}

/** The gradients of the sum of all results, if there are any; they must have the shapes of their tensors. */
function gradientsOf(results: readonly Tensor[], inputs: readonly Tensor[]): number[][] {
  const outputs = results.filter((t) => t.requiresGrad);
  if (outputs.length === 0) return [];
  for (const output of outputs) output.backward(onesLike(output), { retainGraph: true });
  return inputs.flatMap((input) => {
    const { grad } = input;
    if (grad === null) return [];
    expect(grad.shape).toEqual(input.shape);
    input.grad = null;
    return [Array.from(grad.dataSync())];
  });
}

function outcome({ call, inputs, transposed }: Drawn, executor: (typeof all)[number][1]): Outcome {
  return scope(() =>
    withExecutor(executor, () => {
      const own = inputs.map((input) => {
        const copy = moveTo(input, executor).clone();
        copy.requiresGrad = copy.dtype === 'float32';
        return copy;
      });
      const [x, ...others] = own;
      try {
        const given = call.fn(transposed ? x!.T : x!, ...others);
        const results = (Array.isArray(given) ? given : [given]) as Tensor[];
        return {
          shapes: results.map((t) => [...t.shape]),
          dtypes: results.map((t) => t.dtype),
          values: results.map((t) => Array.from(t.dataSync())),
          gradients: gradientsOf(results, own),
        };
      } catch (error) {
        if (!(error instanceof SarafError)) throw error;
        return { refusal: error.name, message: error.message };
      }
    }),
  );
}

/** Whether values are equal up to rounding: in units of the number itself or of 1. */
function near(got: number[][], exact: number[][]): boolean {
  return got.every((values, i) =>
    values.every((value, j) => {
      const wanted = exact[i]![j]!;
      if (Object.is(value, wanted) || value === wanted) return true;
      return Math.abs(value - wanted) <= 2e-5 * Math.max(1, Math.abs(wanted));
    }),
  );
}

describe(`operations at the edges, seed ${SEED}`, () => {
  it('include all public operations', () => {
    const creation = [
      'arange',
      'eye',
      'full',
      'linspace',
      'ones',
      'rand',
      'randint',
      'randn',
      'randperm',
      'tensor',
      'zeros',
    ];
    expect(Object.keys(named).filter((name) => !(name in edgeOps) && !creation.includes(name))).toEqual([]);
    const inPlace = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name.endsWith('_'));
    expect(inPlace.length).toBeGreaterThan(0);
    expect(inPlace.filter((name) => !(name in edgeOps))).toEqual([]);
  });

  it.each(Object.keys(edgeOps))('%s is right or refused', (name) => {
    let done = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const before = memory();
        const blocks = executors.map(([, executor]) => executor.allocator.blocks);
        scope(() => {
          const drawn = draw(name, seed);
          const { call, dtype } = drawn;
          const exact = outcome(drawn, doubles);
          for (const [, executor] of executors) {
            const got = outcome(drawn, executor);
            if ('refusal' in got || 'refusal' in exact) {
              expect(got).toEqual(exact);
              continue;
            }
            expect([got.shapes, got.dtypes]).toEqual([exact.shapes, exact.dtypes]);
            if (!near(got.values, exact.values)) expect(got.values).toEqual(exact.values);
            if (!near(got.gradients, exact.gradients)) expect(got.gradients).toEqual(exact.gradients);
          }
          if ('refusal' in exact) {
            const mayRefuse = call.shapes === null || !(call.dtypes ?? dtypes).includes(dtype) || dtype !== 'float32';
            expect(mayRefuse, exact.message).toBe(true);
            expect(exact.message).toMatch(/^\w+: /);
          } else {
            expect(exact.shapes).toEqual(call.shapes);
            done++;
          }
        });
        const after = memory();
        expect([after.tensors, after.bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
        expect(executors.map(([, executor]) => executor.allocator.blocks)).toEqual(blocks);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(done).toBeGreaterThan(0);
  });
});
