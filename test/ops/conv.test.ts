/** Convolution as users call it: errors, memory (also beyond its result), compiled programs. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  DTypeError,
  F,
  grad,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  randn,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

const shaped = (...shape: number[]) => zeros(shape);

describe('convolution refuses', () => {
  const x = shaped(1, 4, 5, 6);
  const w = shaped(8, 4, 3, 3);
  const shapes: [string, () => unknown, string][] = [
    ['input', () => F.conv2d(shaped(5, 6), w), 'conv2d: input must be [N,C,H,W] or [C,H,W], got [5,6]'],
    ['weight', () => F.conv2d(x, shaped(8, 4, 3)), 'conv2d: weight must be four-dimensional, got [8,4,3]'],
    [
      'channels',
      () => F.conv2d(x, shaped(8, 3, 3, 3)),
      'conv2d: weight [8,3,3,3] with 1 groups needs 3 input channels, input [1,4,5,6] has 4',
    ],
    ['groups', () => F.conv2d(x, w, null, { groups: 3 }), 'conv2d: 4 input channels cannot be divided into 3 groups'],
    [
      'output groups',
      () => F.conv2d(x, shaped(6, 1, 3, 3), null, { groups: 4 }),
      'conv2d: 6 output channels cannot be divided into 4 groups',
    ],
    [
      'kernel',
      () => F.conv2d(x, w, null, { dilation: 4, padding: 1 }),
      'conv2d: kernel 3×3 (spanning 9×9) does not fit into the padded input, 7×8',
    ],
    ['bias', () => F.conv2d(x, w, shaped(4)), 'conv2d: bias must be [8], one value per output channel, got [4]'],
    [
      'one-dimensional input',
      () => F.conv1d(x, shaped(1, 4, 3)),
      'conv1d: input must be [N,C,L] or [C,L], got [1,4,5,6]',
    ],
    [
      'one-dimensional kernel',
      () => F.conv1d(shaped(1, 4, 5), shaped(1, 4, 6)),
      'conv1d: kernel 1×6 (spanning 1×6) does not fit into the padded input, 1×5',
    ],
    [
      'transposed channels',
      () => F.convTranspose2d(x, w),
      'convTranspose2d: weight [8,4,3,3] takes 8 input channels, input [1,4,5,6] has 4',
    ],
    [
      'transposed size',
      () => F.convTranspose2d(shaped(1, 8, 1, 1), w, null, { padding: 2 }),
      'convTranspose2d: input [1,8,1,1], weight [8,4,3,3], stride 1 and padding 2 give an output of size -1',
    ],
    ['layer', () => new nn.Conv2d(4, 6, 3, { groups: 4 }), 'Conv2d: outChannels 6 cannot be divided into 4 groups'],
  ];
  it.each(shapes)('ShapeError: %s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });

  const values: [string, () => unknown, string][] = [
    ['stride', () => F.conv2d(x, w, null, { stride: 0 }), 'conv2d: stride must be a whole number of at least 1'],
    ['pair', () => F.conv2d(x, w, null, { padding: [1, 2, 3] as never }), '[height, width], got [1, 2, 3]'],
    ['padding', () => F.conv2d(x, w, null, { padding: 'full' as never }), "'same' or 'valid', got 'full'"],
    ['same', () => F.conv2d(x, w, null, { padding: 'same', stride: 2 }), "padding 'same' needs stride 1, got [2, 2]"],
    ['option', () => F.conv2d(x, w, null, { strides: 2 } as never), 'conv2d: unknown option strides'],
    [
      'groups',
      () => F.conv2d(x, w, null, { groups: 0.5 }),
      'conv2d: groups must be a whole number of at least 1, got 0.5',
    ],
    ['conv1d', () => F.conv1d(shaped(1, 1, 3), shaped(1, 1, 1), null, { stride: [1, 1] as never }), 'conv1d: stride'],
    [
      'outputPadding',
      () => F.convTranspose2d(shaped(1, 8, 2, 2), w, null, { stride: 2, outputPadding: 2 }),
      'outputPadding must be less than stride or dilation, got 2 with stride 2 and dilation 1',
    ],
    [
      'mode',
      () => new nn.Conv2d(1, 1, 3, { paddingMode: 'reflect' as never }),
      "paddingMode must be 'zeros', got reflect",
    ],
    [
      'padding of a layer',
      () => new nn.Conv2d(1, 1, 3, { padding: 'SAME' as never }),
      "Conv2d: padding must be numbers, 'same' or 'valid', got 'SAME'",
    ],
    [
      "'same' of a layer with strides",
      () => new nn.Conv1d(1, 1, 3, { padding: 'same', stride: 2 }),
      "Conv1d: padding 'same' needs stride 1",
    ],
    [
      'dilation of a layer',
      () => new nn.ConvTranspose2d(1, 1, 3, { dilation: 0 }),
      'ConvTranspose2d: dilation must be a whole number of at least 1',
    ],
    ['kernelSize', () => new nn.Conv2d(1, 1, 0), 'Conv2d: kernelSize must be a whole number of at least 1'],
    ['inChannels', () => new nn.Conv1d(0, 1, 3), 'Conv1d: inChannels must be a whole number of at least 1, got 0'],
  ];
  it.each(values)('ArgumentError: %s', (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });

  it('DTypeError', () => {
    expect(() => F.conv2d(x.to('int32'), w)).toThrow(DTypeError);
  });
});

describe('convolution of one example without a batch', () => {
  const w2 = keep(randn(4, 2, 3, 2));
  const w1 = keep(randn(4, 2, 3));
  const b = keep(randn(4));
  const norm = new nn.InstanceNorm2d(2, { affine: true });
  it.each<[string, number[], (x: Tensor) => Tensor]>([
    ['conv2d', [2, 5, 6], (x) => F.conv2d(x, w2, b, { stride: 2, padding: 1 })],
    ['conv1d', [2, 6], (x) => F.conv1d(x, w1, b, { padding: 'same' })],
    ['convTranspose2d', [4, 3, 4], (x) => F.convTranspose2d(x, w2, null, { stride: 2 })],
    ['InstanceNorm2d', [2, 5, 6], (x) => norm.forward(x)],
  ])('is right: %s', (_, shape, fn) => {
    scope(() => {
      const x = randn(shape, { requiresGrad: true });
      const one = fn(x);
      one.square().sum().backward();
      const g = x.grad!.toArray();
      x.grad = null;
      const batch = fn(x.unsqueeze(0));
      batch.square().sum().backward();
      expect(one.toArray()).toEqual((batch.toArray() as unknown[])[0]);
      expect(g).toEqual(x.grad!.toArray());
    });
  });
});

describe.each(executors)('convolution on %s', (_, executor) => {
  const on = <T>(fn: () => T) => withExecutor(executor, () => scope(fn));

  it('needs no memory besides its result', () => {
    on(() => {
      const x = randn(3, 8, 20, 20);
      const w = randn(8, 8, 3, 3);
      const g = randn(3, 8, 20, 20);
      const resultOf = (call: () => Tensor): void => {
        const before = executor.allocator.bytesReserved;
        const used = memory().bytesInUse;
        const y = noGrad(call);
        expect(memory().bytesInUse - used).toBeLessThan(y.numel * 4 + 8 * y.numel);
        expect(executor.allocator.bytesReserved).toBe(before);
        y.dispose();
        expect(memory().bytesInUse).toBe(used);
      };
      resultOf(() => F.conv2d(x, w, null, { padding: 1 }));
      resultOf(() => F.convTranspose2d(x, w, null, { padding: 1 }));
      x.requiresGrad = true;
      w.requiresGrad = true;
      const y = F.conv2d(x, w, null, { padding: 1 });
      const reserved = executor.allocator.bytesReserved;
      grad(y, [x, w], { gradOutputs: g });
      expect(executor.allocator.bytesReserved).toBe(reserved);
    });
  });

  it('gives empty results for images without elements, and zeros as the gradient of the weights', () => {
    on(() => {
      const x = zeros([0, 2, 5, 5]);
      const w = randn(3, 2, 3, 3, { requiresGrad: true });
      const y = F.conv2d(x, w);
      expect(y.shape).toEqual([0, 3, 3, 3]);
      y.sum().backward();
      expect(w.grad!.dataSync().every((v) => v === 0)).toBe(true);
    });
  });

  it('spreads NaN and infinite elements only to the outputs whose windows contain them', () => {
    on(() => {
      const x = zeros([1, 1, 9, 9]);
      x.select(2, 4).select(2, 4).fill_(Number.NaN);
      const y = F.conv2d(x, randn(2, 1, 3, 3), null, { padding: 1 }).dataSync();
      for (let i = 0; i < y.length; i++) {
        const [row, col] = [Math.floor((i % 81) / 9), i % 9];
        expect(Number.isNaN(y[i])).toBe(Math.abs(row - 4) <= 1 && Math.abs(col - 4) <= 1);
      }
    });
  });

  it('trains: eager and compiled steps agree, memory stays flat', () => {
    const train = (compiled: boolean) =>
      on(() => {
        manualSeed(5);
        const x = tensor(
          Float32Array.from({ length: 4 * 64 }, (_, i) => Math.sin(i * 0.7)),
          { shape: [4, 1, 8, 8] },
        );
        const model = new nn.Sequential(
          new nn.Conv2d(1, 4, 3, { padding: 1 }),
          new nn.ReLU(),
          new nn.Conv2d(4, 4, 3, { stride: 2, groups: 2 }),
          new nn.Tanh(),
          new nn.ConvTranspose2d(4, 1, 4, { stride: 2 }),
          new nn.Sigmoid(),
        );
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const one = (input: Tensor) => {
          optimizer.zeroGrad();
          const loss = F.mseLoss(model.forward(input), input);
          loss.backward();
          optimizer.step();
          return loss;
        };
        const call = compiled ? compile(one) : one;
        const losses: number[] = [];
        let flat = 0;
        for (let i = 0; i < 6; i++) {
          scope(() => void losses.push(call(x).item()));
          if (i === 2) flat = memory().bytesInUse;
        }
        expect(memory().bytesInUse).toBe(flat);
        for (const made of [optimizer, model, call as unknown as { dispose?(): void }]) made.dispose?.();
        return losses;
      });
    const eager = train(false);
    expect(eager[5]!).toBeLessThan(eager[0]!);
    const compiled = train(true);
    compiled.forEach((loss, i) => void expect(loss).toBeCloseTo(eager[i]!, 5));
  });
});
