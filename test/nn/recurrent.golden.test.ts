/** Recurrent layers and cells against PyTorch: outputs, final states, gradients of inputs, states and parameters. */
import { describe, expect, it } from 'vitest';
import { compile, nn, noGrad, scope, type Tensor, tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { expectGolden, FORWARD, fixtures, GRADIENT, type Stored } from '../support/golden.ts';

interface Case {
  name: string;
  kind: 'RNN' | 'LSTM' | 'GRU' | 'RNNCell' | 'LSTMCell' | 'GRUCell';
  sizes: [number, number];
  options: object;
  lengths: number[] | null;
  inputs: number[][];
  outputs: Omit<Stored, 'dtype'>[];
  gradients: Omit<Stored, 'dtype'>[];
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

type Result = Tensor | [Tensor, Tensor] | [Tensor, [Tensor, Tensor]];

function build({ kind, sizes: [inputs, hidden], options }: Case): nn.Module {
  const module: nn.Module = new nn[kind](inputs, hidden, options);
  noGrad(() => {
    for (const [i, parameter] of module.parameters().entries()) parameter.copy_(weights(parameter.shape, 0.17 * i));
  });
  return module;
}

function call(module: nn.Module, golden: Case, inputs: readonly Tensor[], lengths?: Tensor): Tensor[] {
  const forward = module.forward.bind(module) as (...args: unknown[]) => Result;
  const [x, h, c] = inputs;
  const states = c === undefined ? h : [h, c];
  const options = golden.lengths === null ? [] : [{ lengths: lengths ?? golden.lengths }];
  return [forward(x, states, ...options)].flat(2);
}

function check(golden: Case): void {
  const module = build(golden);
  const leaves = golden.inputs.map((shape, i) => weights(shape, 0.05 + 0.13 * i));
  const stored = (entry: Omit<Stored, 'dtype'>): Stored => ({ ...entry, dtype: 'float32' });
  const compare = (what: string, outputs: Tensor[]) => {
    expect(outputs.length, what).toBe(golden.outputs.length);
    for (const [i, y] of outputs.entries()) expectGolden(`${what} ${i}`, y, stored(golden.outputs[i]!), FORWARD);
  };
  compare(
    'without gradients',
    noGrad(() => call(module, golden, leaves)),
  );
  for (const leaf of leaves) leaf.requiresGrad = true;
  const outputs = call(module, golden, leaves);
  compare('output', outputs);
  const loss = outputs.map((y, i) => y.mul(weights(y.shape, 0.1 * i)).sum()).reduce((a, b) => a.add(b));
  loss.backward();
  for (const [i, leaf] of [...leaves, ...module.parameters()].entries())
    expectGolden(`gradient ${i}`, leaf.grad!, stored(golden.gradients[i]!), GRADIENT);
  module.dispose();
}

/** Checks the same in one compiled program, with lengths as an input. */
function checkCompiled(golden: Case): void {
  const module = build(golden);
  const leaves = golden.inputs.map((shape, i) => weights(shape, 0.05 + 0.13 * i));
  const lengths = tensor(golden.lengths ?? [1], { dtype: 'int32' });
  const step = compile((given: Tensor, ...inputs: Tensor[]) => {
    module.zeroGrad();
    const outputs = call(module, golden, inputs, given);
    const loss = outputs.map((y, i) => y.mul(weights(y.shape, 0.1 * i)).sum()).reduce((a, b) => a.add(b));
    loss.backward();
    return outputs;
  });
  for (let run = 0; run < 2; run++) {
    const outputs = step(lengths, ...leaves);
    for (const [i, y] of outputs.entries())
      expectGolden(`output ${i}`, y, { ...golden.outputs[i]!, dtype: 'float32' }, FORWARD);
    for (const [i, parameter] of module.parameters().entries()) {
      const expected = golden.gradients[leaves.length + i]!;
      expectGolden(`gradient ${i}`, parameter.grad!, { ...expected, dtype: 'float32' }, GRADIENT);
    }
  }
  step.dispose();
  module.dispose();
}

describe('fixtures of PyTorch for recurrent layers', () => {
  const cases = fixtures<Case>('recurrent');
  const runAll = (run: (golden: Case) => void) => {
    const failures: string[] = [];
    for (const golden of cases) {
      try {
        scope(() => run(golden));
      } catch (error) {
        failures.push(`${golden.name}: ${(error as Error).message}`);
      }
    }
    expect(failures).toEqual([]);
  };

  it('have all cases', () => {
    expect(cases.length).toBe(156);
  });

  it.each(executors)('pass on %s', (_, executor) => {
    withExecutor(executor, () => runAll(check));
  });

  it('pass when compiled', () => runAll(checkCompiled));
});
