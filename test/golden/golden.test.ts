/**
 * Every operation against PyTorch: results, gradients, second gradients; as a function and as a method; on the
 * reference executor and on both SIMD variants of the wasm kernels.
 */
import { describe, expect, it } from 'vitest';
import { grad, noGrad, scope, type Tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import {
  decodeArgument,
  expectGolden,
  FORWARD,
  fixtures,
  type GoldenCase,
  GRADIENT,
  load,
  operationCounts,
  outputsOf,
  publicFunction,
  see,
} from '../support/golden.ts';

function checkForward(what: string, outputs: Tensor[], { outputs: expected, elementwise }: GoldenCase): void {
  expect(outputs.length, `${what}: number of results`).toBe(expected.length);
  for (const [i, y] of outputs.entries()) expectGolden(`${what} ${i}`, y, expected[i]!, FORWARD, elementwise);
}

/** Runs one case; returns how many comparisons of gradients it made. */
function check(golden: GoldenCase): number {
  const leaves = golden.inputs.map(load);
  const inputs = leaves.map((leaf, i) => see(leaf, golden.inputs[i]!));
  const args = golden.args.map((arg) => decodeArgument(arg, inputs));
  const outputs = outputsOf(publicFunction(golden.fn)(...args));
  checkForward('result', outputs, golden);
  const [self, ...rest] = args as [Tensor, ...unknown[]];
  const method = (self as unknown as Record<string, unknown>)[golden.fn];
  if (typeof method === 'function')
    noGrad(() => checkForward('method', outputsOf(publicFunction(`.${golden.fn}`)(self, ...rest)), golden));
  if (golden.upstream === undefined) return 0;

  const wanted = leaves.filter((leaf) => leaf.requiresGrad);
  const double = golden.secondGradients !== undefined;
  const differentiable = outputs.filter((y) => y.dtype === 'float32');
  const upstream = golden.upstream.map(load);
  const total = differentiable.map((y, i) => y.mul(upstream[i]!).sum()).reduce((a, b) => a.add(b));
  total.backward(undefined, { createGraph: double });
  for (const [i, leaf] of wanted.entries())
    expectGolden(`gradient ${i}`, leaf.grad!, golden.gradients![i]!, GRADIENT, golden.elementwise);
  if (!double) return wanted.length;

  const weights = golden.secondUpstream!.map(load);
  const second = wanted
    .map((leaf, i) => leaf.grad!.mul(weights[i]!).sum())
    .filter((part) => part.requiresGrad)
    .reduce((a, b) => a.add(b));
  for (const leaf of wanted) leaf.grad = null;
  second.backward();
  for (const [i, leaf] of wanted.entries()) {
    const expected = golden.secondGradients![i]!;
    if (leaf.grad === null) expect(expected.data.every((x) => x === 0)).toBe(true);
    else expectGolden(`second gradient ${i}`, leaf.grad, expected, GRADIENT);
  }
  return 2 * wanted.length;
}

describe.each(Object.entries(operationCounts))('fixtures of PyTorch: %s', (file, count) => {
  const cases = fixtures<GoldenCase>(file);

  it.each(executors)(`has ${count} cases, and all of them pass on %s`, (_, executor) => {
    const failures: string[] = [];
    let run = 0;
    for (const golden of cases) {
      try {
        scope(() => withExecutor(executor, () => check(golden)));
      } catch (error) {
        failures.push(`${golden.name}: ${(error as Error).message}`);
      }
      run++;
    }
    expect(failures).toEqual([]);
    expect(run).toBe(count);
  });
});

it('the gradient of several outputs is that of the sum of their products with the upstream gradients', () => {
  const golden = fixtures<GoldenCase>('tensors').find(({ name }) => name === 'max along 1')!;
  const [x] = golden.inputs.map(load);
  const { values } = x!.max(1);
  const [gradient] = grad(values, [x!], { gradOutputs: golden.upstream!.map(load) });
  expectGolden('gradient', gradient!, golden.gradients![0]!, GRADIENT);
});
