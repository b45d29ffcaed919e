/** Attention layers against PyTorch: outputs, weights, gradients of inputs and parameters, names of the parameters. */
import { describe, expect, it } from 'vitest';
import { compile, nn, noGrad, scope, type Tensor, tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { expectGolden, FORWARD, fixtures, GRADIENT, load, type Stored } from '../support/golden.ts';

type Numbers = Omit<Stored, 'dtype'>;

interface Case {
  name: string;
  kind: 'MultiheadAttention' | 'TransformerEncoderLayer';
  sizes: [number, number];
  options: object;
  call: object;
  names: string[];
  inputs: number[][];
  masks: Record<string, Stored>;
  outputs: Numbers[];
  gradients: Numbers[];
}

/** The same as `weights` in test/golden/fixture.py: fixed, irregular numbers of both signs. */
function weights(shape: readonly number[], offset: number): Tensor {
  const n = shape.reduce((product, size) => product * size, 1);
  const values = Float64Array.from({ length: n }, (_, i) => {
    const part = (i * 0.6180339887498949 + 0.3 + offset) % 1;
    return Math.round((2 * part - 0.7) * 1000) / 1000;
  });
  return tensor(values, { shape, dtype: 'float32' });
}

function build({ kind, sizes: [size, heads], options }: Case): nn.MultiheadAttention | nn.TransformerEncoderLayer {
  const module = new nn[kind](size, heads, options);
  noGrad(() => {
    for (const [i, parameter] of module.parameters().entries()) parameter.copy_(weights(parameter.shape, 0.17 * i));
  });
  return module;
}

function call(module: ReturnType<typeof build>, golden: Case, inputs: readonly Tensor[]): Tensor[] {
  const masks = Object.fromEntries(Object.entries(golden.masks).map(([name, mask]) => [name, load(mask)]));
  const options = { ...golden.call, ...masks };
  if (module instanceof nn.TransformerEncoderLayer) return [module.forward(inputs[0]!, options)];
  const query = inputs[0]!;
  const value = inputs[inputs.length - 1]!;
  const [out, shown] = module.forward(query, inputs.length === 3 ? inputs[1]! : value, value, options);
  return shown === null ? [out] : [out, shown];
}

const totalOf = (outputs: Tensor[]) =>
  outputs.map((y, i) => y.mul(weights(y.shape, 0.1 * i)).sum()).reduce((a, b) => a.add(b));
const stored = (entry: Numbers): Stored => ({
  ...entry,
  dtype: 'float32',
});

function compare(what: string, outputs: Tensor[], golden: Case): void {
  expect(outputs.length, what).toBe(golden.outputs.length);
  for (const [i, y] of outputs.entries()) expectGolden(`${what} ${i}`, y, stored(golden.outputs[i]!), FORWARD);
}

/** Some gradients are 0 except for rounding (that of the keys' bias): they are compared relative to the largest of all. */
function compareGradients(tensors: readonly Tensor[], golden: Case, first: number): void {
  const largest = Math.max(...golden.gradients.flatMap(({ data }) => data.map((x) => Math.abs(Number(x)) || 0)));
  for (const [i, gradient] of tensors.entries()) {
    const expected = golden.gradients[first + i]!;
    const own = Math.max(...expected.data.map((x) => Math.abs(Number(x)) || 0));
    const tolerance = own < 1e-5 * largest ? (GRADIENT * largest) / (own || 1) : GRADIENT;
    expectGolden(`gradient ${first + i}`, gradient, stored(expected), tolerance);
  }
}

function check(golden: Case): void {
  const module = build(golden);
  expect(Array.from(module.namedParameters(), ([name]) => name)).toEqual(golden.names);
  const leaves = golden.inputs.map((shape, i) => weights(shape, 0.05 + 0.13 * i));
  compare(
    'without gradients',
    noGrad(() => call(module, golden, leaves)),
    golden,
  );
  for (const leaf of leaves) leaf.requiresGrad = true;
  const outputs = call(module, golden, leaves);
  compare('output', outputs, golden);
  totalOf(outputs).backward();
  compareGradients(
    [...leaves, ...module.parameters()].map(({ grad }) => grad!),
    golden,
    0,
  );
  module.dispose();
}

/** Checks the same in one compiled program, run twice. */
function checkCompiled(golden: Case): void {
  const module = build(golden);
  const leaves = golden.inputs.map((shape, i) => weights(shape, 0.05 + 0.13 * i));
  const step = compile((...inputs: Tensor[]) => {
    module.zeroGrad();
    const outputs = call(module, golden, inputs);
    totalOf(outputs).backward();
    return outputs;
  });
  for (let run = 0; run < 2; run++) {
    compare(`run ${run}`, step(...leaves), golden);
    compareGradients(
      module.parameters().map(({ grad }) => grad!),
      golden,
      leaves.length,
    );
  }
  step.dispose();
  module.dispose();
}

describe('attention layers agree with PyTorch', () => {
  const cases = fixtures<Case>('attentionLayers');
  it('in all cases', () => expect(cases.length).toBe(22));

  describe.each(executors)('on %s', (_, executor) => {
    it.each(cases)('$name', (golden) => withExecutor(executor, () => scope(() => check(golden))));
  });

  describe('when compiled', () => {
    it.each(cases)('$name', (golden) => scope(() => checkCompiled(golden)));
  });
});
