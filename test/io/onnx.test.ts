/** ONNX, exported and loaded again: the model gives the same results, and is a model like any other. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  DTypeError,
  exportOnnx,
  F,
  loadModel,
  loadOnnx,
  manualSeed,
  memory,
  models,
  nn,
  noGrad,
  optim,
  rand,
  randn,
  ShapeError,
  saveModel,
  scope,
  summary,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { readModel } from '../../src/io/onnx/wire.ts';
import { Fn, networks, type OnnxCase, onnxCases } from '../support/onnxCases.ts';
import { expectClose, inputsOf, resultsOf } from '../support/onnxClose.ts';

const BATCH = 5;

function check(given: OnnxCase): void {
  manualSeed(7);
  const model = given.make();
  const bytes = exportOnnx(model, given.shapes, { dtypes: given.dtypes });
  const { graph } = readModel(bytes);
  const kinds = graph!.node.map(({ opType }) => opType);
  expect(kinds).toEqual(expect.arrayContaining(given.nodes ?? []));
  // Parameters keep their names; those that forward does not use are omitted.
  const state = model.stateDict();
  for (const { name, dims } of graph!.initializer) expect(dims).toEqual(state[name!]!.shape);
  expect(graph!.initializer.length).toBeGreaterThanOrEqual(model.parameters().length);

  const loaded = loadOnnx(bytes);
  const inputs = inputsOf(given, BATCH);
  const expected = resultsOf(model, inputs);
  expectClose(resultsOf(loaded, inputs), expected, given.tolerance ?? 1e-5);
  // The same for the file of a model that came from a file, and for the model inside a file of saveModel.
  const again = loadOnnx(exportOnnx(loaded, given.shapes, { dtypes: given.dtypes }));
  expectClose(resultsOf(again, inputs), expected, given.tolerance ?? 1e-5);
  const restored = loadModel(saveModel(loaded)).model;
  expect(Object.keys(restored.stateDict())).toEqual(Object.keys(loaded.stateDict()));
  expectClose(resultsOf(restored, inputs), expected, given.tolerance ?? 1e-5);
}

describe('exported and loaded again, results are the same', () => {
  it.each(Object.keys(onnxCases))('%s', (name) => check(onnxCases[name]!));
  it.each(Object.keys(networks))('%s', (name) => check(networks[name]!));
});

const mlp = () => new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3));

describe('exportOnnx', () => {
  it('describes inputs and outputs', () => {
    const model = new Fn((x, i) => [x!.add(i!), i!.to('bool')]);
    const shapes = [[null, 3], [3]];
    const options = { inputNames: ['x', 'i'], outputNames: ['sum', 'mask'], dtypes: ['float32', 'int32'] } as const;
    const { graph, irVersion, opsetImport } = readModel(exportOnnx(model, shapes, options));
    expect([irVersion, opsetImport]).toEqual([8, [{ domain: '', version: 17 }]]);
    const describe = ({ name, type }: NonNullable<typeof graph>['input'][number]) => [
      name,
      type!.tensorType!.elemType,
      type!.tensorType!.shape!.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam),
    ];
    expect(graph!.input.map(describe)).toEqual([
      ['x', 1, ['N', 3]],
      ['i', 6, [3]],
    ]);
    expect(graph!.output.map(describe)).toEqual([
      ['sum', 1, ['N', 3]],
      ['mask', 9, [3]],
    ]);
  });

  it('does not change the model, its mode or the random state, and leaks nothing', () => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5));
    model[2]!.eval();
    const before = saveModel(model);
    const used = memory();
    exportOnnx(model, [null, 4]);
    expect(memory()).toEqual(used);
    expect(saveModel(model)).toEqual(before);
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, true, false]);
  });

  it('shares a parameter that is used twice, under its first name', () => {
    const layer = new nn.Linear(4, 4);
    const { graph } = readModel(exportOnnx(new nn.Sequential(layer, new nn.ReLU(), layer), [1, 4]));
    expect(graph!.initializer.map(({ name }) => name)).toEqual(['0.weight', '0.bias']);
    expect(graph!.node.filter(({ opType }) => opType === 'Gemm').map(({ input }) => input[1])).toEqual([
      '0.weight',
      '0.weight',
    ]);
  });

  let calls = 0;
  const x = (run: (x: Tensor) => unknown) => new Fn((t) => run(t!));
  it.each<[string, nn.Module, (number | null)[], RegExp]>([
    [
      'losses',
      x((t) => F.crossEntropy(t, tensor([0, 1], { dtype: 'int32' }))),
      [2, 3],
      /crossEntropy cannot be exported/,
    ],
    ['changes in place', x((t) => t.add(1).mul_(2)), [2], /changes a tensor in place \(mul_\)/],
    ['values that are read', x((t) => t.mul(t.sum().item())), [2], /reads the elements of a tensor \(item\)/],
    [
      'branches that depend on values',
      x((t) => ((t.toArray() as number[])[0]! > 0 ? t.exp() : t.log())),
      [3],
      /reads the elements of a tensor \(toArray\)/,
    ],
    [
      'branches that change from call to call',
      x((t) => (calls++ % 2 === 0 ? t.exp() : t.log())),
      [3],
      /Exp comes out differently/,
    ],
    ['random numbers', x((t) => t.add(rand(2))), [2], /a constant comes out differently/],
    ['dropout that is never switched off', x((t) => F.dropout(t)), [64], /a constant comes out differently/],
    [
      'compiled functions',
      x(compile((t: Tensor) => noGrad(() => t.mul(2).add(1).sum(1)))),
      [2, 3],
      /comes out differently/,
    ],
    [
      'constants with the size of the batch',
      x((t) => t.add(tensor(Array.from({ length: t.shape[0]! }, (_, i) => i)))),
      [null],
      /a constant comes out/,
    ],
    [
      'adaptive maxima of uneven parts',
      new nn.AdaptiveMaxPool2d(3),
      [1, 1, 4, 4],
      /adaptive max pooling cannot be exported/,
    ],
    [
      'indices of maxima',
      x((t) => F.maxPool2d(t, 2, { returnIndices: true })[1].to('float32')),
      [1, 1, 4, 4],
      /the indices of maxPool/,
    ],
    ['a limit of norms', new nn.Embedding(3, 2, { maxNorm: 1 }), [2], /embedding with maxNorm cannot be exported/],
  ])('refuses %s', (name, model, shape, message) => {
    const dtypes = name === 'a limit of norms' ? (['int32'] as const) : undefined;
    const before = memory().tensors;
    expect(() => exportOnnx(model, shape, { dtypes })).toThrow(message);
    expect(() => exportOnnx(model, shape, { dtypes })).toThrow(ArgumentError);
    expect(memory().tensors).toBe(before);
  });

  it('refuses bad arguments', () => {
    const model = mlp();
    const bad = (...args: unknown[]) => expect(() => (exportOnnx as (...given: unknown[]) => unknown)(...args));
    bad({}, [1, 4]).toThrow(/model must be a module/);
    bad(model, 4).toThrow(/inputShape must be a list/);
    bad(model, [null, null]).toThrow(/one size of an input may be null/);
    bad(model, [1.5, 4]).toThrow(ShapeError);
    bad(model, [1, 5]).toThrow(ShapeError);
    bad(model, [1, 4], { name: 'x' }).toThrow(/unknown option name/);
    bad(model, [1, 4], { inputNames: [] }).toThrow(/inputNames must be 1 names/);
    bad(model, [1, 4], { outputNames: ['a', 'b'] }).toThrow(/outputNames must be 1 names/);
    bad(model, [1, 4], { inputNames: ['0.weight'] }).toThrow(/name of two values/);
    bad(model, [1, 4], { inputNames: ['y'], outputNames: ['y'] }).toThrow(/name of two values/);
    bad(model, [1, 4], { dtypes: ['float64'] }).toThrow(/dtypes must be 1 of/);
  });
});

describe('loadOnnx', () => {
  it('has the names, shapes and values of the state dict', () => {
    const model = models.resnet18({ numClasses: 3 });
    const loaded = loadOnnx(exportOnnx(model, [1, 3, 32, 32]));
    const state = model.stateDict();
    const kept = Object.keys(state).filter((name) => !name.endsWith('num_batches_tracked'));
    expect(Object.keys(loaded.stateDict()).sort()).toEqual(kept.sort());
    expect(loaded.buffers().length).toBe(40);
    expect(loaded.loadStateDict(state, { strict: false }).missingKeys).toEqual([]);
    expect(loaded.inputs).toEqual([{ name: 'input', dtype: 'float32', shape: [1, 3, 32, 32] }]);
    expect(loaded.outputs).toEqual(['output']);
  });

  it('learns as the model would, also compiled, and leaks nothing', () => {
    manualSeed(5);
    const model = mlp();
    const copies = [0, 1].map(() => loadOnnx(exportOnnx(model, [null, 4])));
    const [x, y] = [randn(16, 4), randn(16, 3)];
    const trainer = (net: nn.Module) => {
      const sgd = new optim.SGD(net.parameters(), { lr: 0.1 });
      return () => {
        sgd.zeroGrad();
        const loss = F.mseLoss((net.forward as (t: Tensor) => Tensor)(x), y);
        loss.backward();
        sgd.step();
        return loss;
      };
    };
    const steps = [trainer(model), trainer(copies[0]!), compile(trainer(copies[1]!))];
    const losses = steps.map((step) => Array.from({ length: 5 }, () => scope(() => step().item())));
    const used = memory();
    for (const step of steps) scope(() => void step());
    expect(memory()).toEqual(used);
    expect(losses[0]![4]).toBeLessThan(losses[0]![0]!);
    for (const other of losses.slice(1)) expect(other).toEqual(losses[0]!.map((loss) => expect.closeTo(loss, 5)));
    expect(copies[0]!.parameters().map(({ shape }) => shape)).toEqual(model.parameters().map(({ shape }) => shape));
  });

  it('frees the results of its nodes', () => {
    const loaded = loadOnnx(exportOnnx(models.resnet18({ numClasses: 3 }), [null, 3, 32, 32])).eval();
    const x = randn(1, 3, 32, 32);
    const run = () => noGrad(() => (loaded.forward(x) as Tensor).dispose());
    run();
    const used = memory();
    for (let i = 0; i < 3; i++) run();
    expect(memory()).toEqual(used);
    loaded.dispose();
    x.dispose();
  });

  it('can be printed and summarised', () => {
    const loaded = loadOnnx(exportOnnx(mlp(), [null, 4]));
    expect(summary(loaded, [2, 4])).toMatch(/OnnxModel\)\s+\[2, 3\]\s+67/);
    expect(String(loaded)).toBe('OnnxModel(3 nodes)');
  });

  it('refuses inputs that the file does not have', () => {
    const loaded = loadOnnx(exportOnnx(mlp(), [null, 4]));
    expect(() => loaded.forward()).toThrow(/takes 1 inputs \(input\), got 0/);
    expect(() => loaded.forward(randn(2, 5))).toThrow(ShapeError);
    expect(() => loaded.forward(randn(4))).toThrow(/input must be \[any,4\], got \[4\]/);
    expect(() => loaded.forward(tensor([[1, 2, 3, 4]], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => loaded.forward([1] as unknown as Tensor)).toThrow(ArgumentError);
  });
});
