/** Random programs: compiled and eager code give the same numbers. */
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, scope, type Tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { type Problem, randomProblem } from '../support/randomGraph.ts';

const SEEDS = 900;
const CHUNK = 100;
const STEPS = 3;

/** The results of some steps, then all values that they have changed. */
function numbersOf({ state, x, disturb }: Problem, seed: number, step: (x: Tensor) => Tensor[]): number[] {
  const numbers: number[] = [];
  const note = (t: Tensor) => {
    for (const value of t.dataSync()) numbers.push(value);
  };
  manualSeed(seed);
  for (let i = 0; i < STEPS; i++) {
    if (i === STEPS - 1) disturb();
    step(x).forEach(note);
  }
  state.forEach(note);
  for (const { grad } of state) if (grad !== null) note(grad);
  return numbers;
}

function firstDifference(got: number[], wanted: number[], isExact: boolean): string | null {
  if (got.length !== wanted.length) return `${got.length} numbers instead of ${wanted.length}`;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i]!, wanted[i]!];
    // The reference rounds a product and its activation once where they are fused.
    const isEqual = Object.is(a, b) || (!isExact && Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b)));
    if (!isEqual) return `number ${i} is ${a} instead of ${b}`;
  }
  return null;
}

describe.each(executors)('random programs on %s', (_, executor) => {
  const chunks = Array.from({ length: SEEDS / CHUNK }, (_, i) => 1 + i * CHUNK);
  it.each(chunks)('give the same numbers compiled as eager, from seed %i on', (start) => {
    withExecutor(executor, () => {
      for (let seed = start; seed < start + CHUNK; seed++) {
        scope(() => {
          const eager = randomProblem(seed);
          const wanted = numbersOf(eager, seed, eager.step);
          expect(wanted.every(Number.isFinite), `seed ${seed}`).toBe(true);
          const traced = randomProblem(seed);
          const step = compile(traced.step);
          const got = numbersOf(traced, seed, step);
          expect(firstDifference(got, wanted, executor.device !== 'reference'), `seed ${seed}`).toBeNull();
          step.dispose();
          eager.dispose();
          traced.dispose();
        });
      }
    });
  });
});
