/** Optimizers, models in training and initial values against PyTorch, on every executor. */
import { describe, expect, it } from 'vitest';
import { manualSeed, nn, optim, scope, type Tensor, zeros } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { decodeArgument, expectGolden, FORWARD, fixtures, GRADIENT, load, type Stored } from '../support/golden.ts';

type Kind = 'SGD' | 'Adam';

interface OptimizerCase {
  name: string;
  optimizer: Kind;
  options: object;
  params: Stored[];
  gradients: Stored[][];
  after: Stored[][];
}

interface ModelCase {
  name: string;
  layers: [string, ...unknown[]][];
  loss: 'MSELoss' | 'BCELoss' | 'CrossEntropyLoss';
  lossOptions: object;
  optimizer: Kind;
  options: object;
  x: Stored;
  target: Stored;
  state: Record<string, Stored>;
  steps: {
    output: Stored;
    loss: Stored;
    inputGradient: Stored;
    gradients: Record<string, Stored>;
    params: Record<string, Stored>;
  }[];
}

interface InitCase {
  name: string;
  fn: 'xavierUniform_' | 'xavierNormal_' | 'kaimingUniform_' | 'kaimingNormal_' | 'calculateGain';
  shape: number[];
  args: unknown[];
  bound?: number;
  std?: number;
  gain?: number;
}

function makeOptimizer(kind: Kind, params: Tensor[], options: object) {
  return kind === 'SGD' ? new optim.SGD(params, options) : new optim.Adam(params, options);
}

function makeLayer([kind, ...args]: [string, ...unknown[]]): nn.Layer {
  switch (kind) {
    case 'Linear':
      return new nn.Linear(args[0] as number, args[1] as number, { bias: (args[2] as boolean | undefined) ?? true });
    case 'Softmax':
      return new nn.Softmax({ dim: args[0] as number });
    case 'LogSoftmax':
      return new nn.LogSoftmax({ dim: args[0] as number });
    case 'ReLU':
      return new nn.ReLU();
    case 'Tanh':
      return new nn.Tanh();
    case 'Sigmoid':
      return new nn.Sigmoid();
    case 'Flatten':
      return new nn.Flatten();
    default:
      throw new Error(`no layer ${kind}`);
  }
}

describe.each(executors)('learning on %s agrees with PyTorch', (_, executor) => {
  const run = (fn: () => void) => withExecutor(executor, () => scope(fn));

  const optimizers = fixtures<OptimizerCase>('optimizers');
  it('for all optimizers', () => expect(optimizers.length).toBe(17));

  it.each(optimizers)('$name: 15 steps', ({ optimizer: kind, options, params, gradients, after }) => {
    run(() => {
      const own = params.map((stored) => load({ ...stored, grad: true }));
      const optimizer = makeOptimizer(kind, own, options);
      for (const [step, expected] of after.entries()) {
        for (const [i, p] of own.entries()) p.grad = load(gradients[step]![i]!);
        optimizer.step();
        for (const [i, p] of own.entries())
          expectGolden(`parameter ${i} after step ${step}`, p, expected[i]!, GRADIENT);
      }
      optimizer.dispose();
    });
  });

  const models = fixtures<ModelCase>('models');
  it('for all models', () => expect(models.length).toBe(7));

  it.each(models)('$name: three steps', (golden) => {
    run(() => {
      const model = new nn.Sequential(...golden.layers.map(makeLayer));
      model.loadStateDict(Object.fromEntries(Object.entries(golden.state).map(([name, t]) => [name, load(t)])));
      const criterion = new nn[golden.loss](golden.lossOptions);
      const optimizer = makeOptimizer(golden.optimizer, model.parameters(), golden.options);
      const target = load(golden.target);
      for (const [i, step] of golden.steps.entries()) {
        const x = load({ ...golden.x, grad: true });
        optimizer.zeroGrad();
        const output = model.forward(x);
        const loss = criterion.forward(output, target);
        loss.backward();
        expectGolden(`output in step ${i}`, output, step.output, FORWARD);
        expectGolden(`loss in step ${i}`, loss, step.loss, FORWARD);
        expectGolden(`gradient of the input in step ${i}`, x.grad!, step.inputGradient, GRADIENT);
        for (const [name, p] of model.namedParameters())
          expectGolden(`gradient of ${name} in step ${i}`, p.grad!, step.gradients[name]!, GRADIENT);
        optimizer.step();
        for (const [name, p] of model.namedParameters())
          expectGolden(`${name} after step ${i}`, p, step.params[name]!, GRADIENT);
      }
      optimizer.dispose();
      model.dispose();
    });
  });

  const inits = fixtures<InitCase>('init');
  it('for all initial values', () => expect(inits.length).toBe(79));

  it.each(inits)('$name', ({ fn, shape, args, bound, std, gain }) => {
    const options = args.map((arg) => decodeArgument(arg, [])) as never[];
    if (fn === 'calculateGain') {
      const [nonlinearity, slope] = options;
      expect(nn.init.calculateGain(nonlinearity!, slope)).toBeCloseTo(gain!, 6);
      return;
    }
    run(() => {
      const seed = 20;
      manualSeed(seed);
      const values = nn.init[fn](zeros(shape), ...options).dataSync();
      const n = values.length;
      let sum = 0;
      let squares = 0;
      let largest = 0;
      for (const value of values) {
        sum += value;
        squares += value * value;
        largest = Math.max(largest, Math.abs(value));
      }
      const wanted = std ?? bound! / Math.sqrt(3);
      const spread = Math.sqrt(squares / n);
      expect(Math.abs(spread / wanted - 1), `standard deviation, seed ${seed}`).toBeLessThan(5 / Math.sqrt(2 * n));
      expect(Math.abs(sum / n), `mean, seed ${seed}`).toBeLessThan((5 * wanted) / Math.sqrt(n));
      if (bound !== undefined) {
        expect(largest, `largest, seed ${seed}`).toBeLessThanOrEqual(Math.fround(bound) * (1 + 1e-6));
        expect(largest, `largest, seed ${seed}`).toBeGreaterThan(0.99 * bound);
      } else {
        expect(largest, `largest, seed ${seed}`).toBeGreaterThan(3 * wanted);
      }
    });
  });
});
