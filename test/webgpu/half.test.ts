/**
 * Products in float16: with operands that are float16 numbers they equal the reference, because all sums are in
 * float32; with others they are as close as rounding allows. If the GPU has no float16, products stay in float32.
 */
import { expect, test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import {
  ArgumentError,
  compile,
  F,
  type InitOptions,
  init,
  manualSeed,
  nn,
  optim,
  runtimeInfo,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { candidates, setRates } from '../../src/runtime/runtime.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts } from '../support/heap.ts';
import { checkOnGpu } from './reference.ts';

const SMALLEST_HALF = 2 ** -14;
const DIGITS = 11;
/** Sums of exact products, in float32, in another order. */
const CLOSE = 1e-5;
/** The largest relative error of a rounded operand: WGSL lets a GPU choose either neighbour. */
const ROUNDING = 2 ** (1 - DIGITS);
const TIME = { timeout: 120_000 };

/** The float16 nearest to a float32. */
function toHalf(x: number): number {
  if (Math.abs(x) < SMALLEST_HALF) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - DIGITS + 1);
  return Math.round(x / unit) * unit;
}

const halves = (n: number, seed: number) => randomFloats(n, seed).map(toHalf);

/** The number of training steps, and the largest difference between the losses of float16 and float32, relative to the first one. */
const STEPS = 40;
const APART = 0.02;
const [BATCH, CLASSES] = [16, 4];

/** A training step; the first loss is about log 4. */
function training(model: nn.Module & { forward(x: Tensor): Tensor }, shape: number[]): () => Tensor {
  const n = shape.reduce((product, size) => product * size, 1);
  const x = tensor(Float32Array.from(randomFloats(n, 5)), { shape });
  const y = tensor(Int32Array.from(randomInts(BATCH, 6, 0, CLASSES)));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  return compile(() => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss.detach();
  });
}

function onImages() {
  manualSeed(7);
  const model = new nn.Sequential(
    new nn.Conv2d(2, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(8, 16, 3),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(64, CLASSES),
  );
  return training(model, [BATCH, 2, 8, 8]);
}

class LastOutput extends nn.Module {
  lstm = new nn.LSTM(6, 16, { batchFirst: true });
  out = new nn.Linear(16, CLASSES);
  forward(x: Tensor): Tensor {
    return this.out.forward(this.lstm.forward(x)[0].select(1, 4));
  }
}

function onSequences() {
  manualSeed(7);
  return training(new LastOutput(), [BATCH, 5, 6]);
}

describeOnGpu('products in float16 on webgpu', (gpu) => {
  const isOffered = gpu.gpu.features.has('shader-f16');

  /** Runs `body` with products in float16. */
  async function inHalf<T>(body: () => T | Promise<T>, device: InitOptions['device'] = 'webgpu'): Promise<T> {
    await init({ device, precision: 'float16' });
    try {
      return await body();
    } finally {
      await init({ device: 'webgpu', precision: 'float32' });
    }
  }

  test('are used if init asks for them and the GPU has them', TIME, async () => {
    expect(runtimeInfo().precision).toBe('float32');
    await inHalf(async () => {
      expect(runtimeInfo().precision).toBe(isOffered ? 'float16' : 'float32');
      expect((await init({ device: 'webgpu' })).precision).toBe(isOffered ? 'float16' : 'float32');
    });
    expect(runtimeInfo().precision).toBe('float32');
    const wrong = { precision: 'half' } as unknown as InitOptions;
    await expect(init(wrong)).rejects.toThrow(ArgumentError);
    await expect(init(wrong)).rejects.toThrow('init: unknown precision half (known: float32, float16)');
  });

  if (!isOffered) {
    test.skip('the rest is skipped: the GPU has no shader-f16', () => {});
    return;
  }

  test.each(['NN', 'NT', 'TN', 'TT'])('are exact in matrix products %s for every tile', TIME, async (layout) => {
    const sizes = [
      [1, 4, 68, 20],
      [3, 9, 10, 7],
      [1, 68, 4, 36],
      [1, 20, 24, 1100],
      [2, 36, 40, 44],
      [1, 33, 31, 600],
      [16, 65, 65, 16],
      [32, 132, 128, 4],
    ] as const;
    await inHalf(async () => {
      for (const [batch, m, n, k] of sizes) {
        for (const beta of k < 20 ? [0, 0.5] : [0]) {
          const note = `${layout} ${batch} × [${m}, ${n}, ${k}], beta ${beta}`;
          await checkOnGpu(
            gpu,
            note,
            (box, p) => {
              const c = box.put(randomFloats(batch * m * n, 3));
              encode.encodeGemm(p, {
                ...{ a: box.put(halves(batch * m * k, 1)), b: box.put(halves(k * n, 2)), c, batch, m, n, k },
                ...{ bias: beta === 0 ? 0 : box.put(randomFloats(n, 4)), alpha: 1.25, beta },
                ...{ aRow: layout[0] === 'N' ? k : 1, aCol: layout[0] === 'N' ? 1 : m, aBatch: m * k },
                ...{ bRow: layout[1] === 'N' ? n : 1, bCol: layout[1] === 'N' ? 1 : k, bBatch: 0 },
                ...{ cRow: n, cBatch: m * n },
                activation: beta === 0 ? encode.Activation.none : encode.Activation.sigmoid,
              });
              if (p === gpu.program) expect(gpu.plan(p.words, 0)[0]!.key).toContain('f16');
              return [c];
            },
            false,
            CLOSE,
          );
        }
      }
    });
  });

  const convolutions = [
    { inChannels: 3, outChannels: 4, size: 9, kernel: 3, stride: 1, pad: 1, dilation: 1, groups: 1 },
    { inChannels: 4, outChannels: 6, size: 11, kernel: 3, stride: 2, pad: 1, dilation: 1, groups: 2 },
    { inChannels: 5, outChannels: 5, size: 9, kernel: 3, stride: 1, pad: 2, dilation: 2, groups: 5 },
    { inChannels: 8, outChannels: 16, size: 20, kernel: 1, stride: 1, pad: 0, dilation: 1, groups: 1 },
  ];
  test.each(convolutions)('are exact in convolution and its gradients %o', TIME, async (shape) => {
    const { inChannels, outChannels, size, kernel, stride, pad, dilation, groups } = shape;
    const batch = 2;
    const out = Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
    const geometry = {
      ...{ batch, inChannels, height: size, width: size, outChannels, outHeight: out, outWidth: out, groups },
      ...{ kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride },
      ...{ padTop: pad, padLeft: pad, dilationHeight: dilation, dilationWidth: dilation },
    };
    const [xs, ys] = [batch * inChannels * size * size, batch * outChannels * out * out];
    const ws = (outChannels * inChannels * kernel * kernel) / groups;
    await inHalf(() =>
      checkOnGpu(
        gpu,
        JSON.stringify(shape),
        (box, p) => {
          const [x, w, g] = [box.put(halves(xs, 1)), box.put(halves(ws, 2)), box.put(halves(ys, 3))];
          const [y, gx, gw] = [box.room(ys), box.room(xs, 1), box.room(ws, 2)];
          const bias = box.put(randomFloats(outChannels, 4));
          encode.encodeConv(p, { ...geometry, x, w, bias, y, activation: encode.Activation.relu });
          encode.encodeConvInputGrad(p, { ...geometry, g, w, bias: 0, gx, activation: encode.Activation.none });
          encode.encodeConvWeightGrad(p, { ...geometry, x, g, gw });
          return [y, gx, gw];
        },
        false,
        CLOSE,
      ),
    );
  });

  test('round other operands, with a bounded error', TIME, async () => {
    const [m, n, k] = [40, 36, 300];
    const [a, b] = [randomFloats(m * k, 1), randomFloats(k * n, 2)];
    const product = () =>
      tensor(Float32Array.from(a), { shape: [m, k] })
        .matmul(tensor(Float32Array.from(b), { shape: [k, n] }))
        .data();
    const got = await inHalf(product);
    expect(got).not.toEqual(await product());
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let [sum, magnitude] = [0, 0];
        for (let p = 0; p < k; p++) {
          sum += a[i * k + p]! * b[p * n + j]!;
          magnitude += Math.abs(a[i * k + p]! * b[p * n + j]!) + SMALLEST_HALF * CLOSE;
        }
        expect(Math.abs(got[i * n + j]! - sum)).toBeLessThanOrEqual((2 * ROUNDING + CLOSE) * magnitude);
      }
    }
  });

  test('keep the largest float16 exact', async () => {
    const x = tensor([[65504, -65504]]);
    expect(await inHalf(() => x.matmul(tensor([[1], [0.5]])).data())).toEqual(Float32Array.of(32752));
  });

  test('are used by compiled functions after a change of precision', TIME, async () => {
    const w = tensor(Float32Array.from(randomFloats(30 * 20, 1)), { shape: [30, 20] });
    const x = tensor(Float32Array.from(randomFloats(10 * 30, 2)), { shape: [10, 30] });
    const product = compile((input: Tensor) => input.matmul(w).relu());
    const single = await product(x).data();
    const half = await inHalf(() => product(x).data());
    expect(half).not.toEqual(single);
    expect(half).toEqual(await inHalf(() => x.matmul(w).relu().data()));
    expect(await product(x).data()).toEqual(single);
    product.dispose();
  });

  test('are measured again for auto', TIME, async () => {
    await init({ device: 'auto' });
    const before = candidates().rates;
    expect(before).not.toBeNull();
    await inHalf(() => {
      expect(runtimeInfo()).toMatchObject({ device: 'wasm', precision: 'float16' });
      expect(candidates().rates).not.toBeNull();
      expect(candidates().rates).not.toBe(before);
    }, 'auto');
    setRates(null);
  });

  test.each(['images', 'sequences'] as const)('give losses close to float32 in training on %s', TIME, async (kind) => {
    const curve = async () => {
      const step = kind === 'images' ? onImages() : onSequences();
      const losses = [];
      for (let i = 0; i < STEPS; i++) losses.push((await step().data())[0]!);
      return losses;
    };
    const single = await curve();
    const half = await inHalf(curve);
    expect(half).not.toEqual(single);
    expect(half[STEPS - 1]).toBeLessThan(half[0]! / 2);
    const worst = Math.max(...half.map((loss, i) => Math.abs(loss - single[i]!)));
    expect(worst).toBeLessThanOrEqual(APART * single[0]!);
  });
});
