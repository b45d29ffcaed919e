/** Whole models against torchvision's, with weights from the formula in test/golden/vision.py. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, compile, models, nn, noGrad, ShapeError, scope, type Tensor, tensor } from '../../src/index.ts';
import { expectGolden, fixtures, type Stored } from '../support/golden.ts';
import { describeRefusals } from '../support/refusals.ts';

interface Shown extends Stored {
  largest: number;
}

interface VisionCase {
  name: 'resnet18' | 'mobilenetV2';
  classes: number;
  x: number[];
  keys: string[];
  logits: Stored;
  training: Stored;
  gradients: Record<string, Shown>;
  running: Record<string, Shown>;
}

/** The same as `hashed` in vision.py. */
function hashed(n: number, seed: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let u = (Math.imul(i + 1, 2654435761) + seed * 40503) >>> 0;
    u = Math.imul(u ^ (u >>> 15), 0x2c1b3c6d) >>> 0;
    return ((u ^ (u >>> 12)) >>> 0) / 2 ** 31 - 1;
  });
}

function fill(model: nn.Module, keys: string[]): void {
  const state = model.stateDict();
  expect(Object.keys(state).sort()).toEqual([...keys].sort());
  for (const [seed, name] of keys.entries()) {
    if (name.endsWith('num_batches_tracked')) continue;
    const { numel, shape } = state[name]!;
    const isScale = name.endsWith('running_var') || name.endsWith('weight');
    const bound = Math.sqrt(6 / (numel / shape[0]!));
    const value = (h: number) => (shape.length > 1 ? h * bound : isScale ? 1 + 0.2 * h : 0.1 * h);
    state[name]!.storage.executor.write(state[name]!.address, hashed(numel, seed).map(value), 'float32');
  }
}

/** Compares the first elements, with a tolerance relative to the largest of all. */
function expectFirst(what: string, actual: Tensor, { largest, ...first }: Shown, tolerance: number): void {
  const length = first.data.length;
  const got = actual.dataSync().subarray(0, length);
  const wrong = [...got].filter((x, i) => !(Math.abs(x - Number(first.data[i])) <= tolerance * largest));
  expect(wrong, what).toEqual([]);
  expect(got.length).toBe(length);
}

const cases = fixtures<VisionCase>('vision');

describe.each(cases)('$name agrees with torchvision', ({ name, classes, keys, ...golden }) => {
  it('in logits, gradients and running statistics', () => {
    scope(() => {
      const model = models[name]({ numClasses: classes });
      fill(model, keys);
      const x = tensor(
        hashed(
          golden.x.reduce((a, b) => a * b),
          999,
        ),
        { shape: golden.x },
      );
      expectGolden(
        'logits',
        noGrad(() => model.eval().forward(x)),
        golden.logits,
        1e-4,
      );
      model.train();
      for (const module of model.modules()) if (module instanceof nn.Dropout) module.training = false;
      const y = model.forward(x);
      expectGolden('logits in training', y, golden.training, 1e-4);
      const n = y.numel;
      const upstream = Float64Array.from({ length: n }, (_, i) => 2 * ((i * 0.6180339887498949 + 0.3) % 1) - 0.7);
      y.backward(
        tensor(
          upstream.map((v) => Math.round(v * 1000) / 1000),
          { shape: y.shape },
        ),
      );
      const parameters = Object.fromEntries(model.namedParameters());
      for (const [key, expected] of Object.entries(golden.gradients))
        expectFirst(`gradient of ${key}`, parameters[key]!.grad!, expected, 1e-3);
      for (const [key, expected] of Object.entries(golden.running))
        expectFirst(key, model.stateDict()[key]!, expected, 1e-4);
      model.dispose();
    });
  });
});

it('fuseConvBn gives the same results as the two layers', () => {
  const conv = new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1, groups: 2 });
  const bn = new nn.BatchNorm2d(6);
  fill(bn, Object.keys(bn.stateDict()));
  scope(() => {
    const x = tensor(hashed(2 * 4 * 7 * 9, 3), { shape: [2, 4, 7, 9] });
    const fused = nn.utils.fuseConvBn(conv, bn);
    const wanted = bn.eval().forward(conv.forward(x)).dataSync();
    const got = fused.forward(x);
    expect(got.shape).toEqual([2, 6, 4, 5]);
    expect(Math.max(...got.dataSync().map((v, i) => Math.abs(v - wanted[i]!)))).toBeLessThan(1e-5);
    expect(fused.bias!.isLeaf && fused.weight.requiresGrad).toBe(true);
    fused.dispose();
    expect(conv.weight.isDisposed).toBe(false);
  });
});

it('a compiled model gives the same results as an eager one', () => {
  const model = models.mobilenetV2({ numClasses: 3 }).eval();
  const run = compile((x: Tensor) => noGrad(() => model.forward(x)));
  scope(() => {
    const x = tensor(hashed(3 * 32 * 32, 5), { shape: [1, 3, 32, 32] });
    const [got, wanted] = [run(x).dataSync(), noGrad(() => model.forward(x)).dataSync()];
    const largest = Math.max(...wanted.map(Math.abs));
    // There normalisation is folded into the weights of the convolutions, which rounds differently.
    expect(Math.max(...got.map((v, i) => Math.abs(v - wanted[i]!)))).toBeLessThan(1e-4 * largest);
  });
  run.dispose();
  model.dispose();
});

const [conv, bn] = [new nn.Conv2d(1, 2, 1), new nn.BatchNorm2d(3)];
describeRefusals('fuseConvBn and the models refuse', [
  [
    'different numbers of channels',
    () => nn.utils.fuseConvBn(conv, bn),
    ShapeError,
    'conv gives 2 channels, bn takes 3',
  ],
  [
    'an argument that is not a Conv2d',
    () => nn.utils.fuseConvBn(bn as unknown as nn.Conv2d, bn),
    ArgumentError,
    'must be a Conv2d',
  ],
  [
    'no classes',
    () => models.resnet18({ numClasses: 0 }),
    ArgumentError,
    'numClasses must be a whole number of at least 1',
  ],
]);
