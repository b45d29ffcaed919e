/** Operations of every family and every gradient rule on the GPU against the reference: values, and gradients of their weighted sums. */
import { expect, test } from 'vitest';
import type { Device } from '../../bindings/executor.ts';
import { F, init, manualSeed, nn, type Tensor, tensor } from '../../src/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts } from '../support/heap.ts';
import { cases } from '../support/ruleCases.ts';

const TOLERANCE = 1e-4;

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const reals = (seed: number, ...shape: number[]) =>
  tensor(Float32Array.from(randomFloats(count(shape), seed)), { shape: [...shape] });
const whole = (below: number, ...shape: number[]) =>
  tensor(Int32Array.from(randomInts(count(shape), 11, 0, below)), { shape: [...shape] });

/** From x [8, 4, 12, 12] to tensors; a layer is made on the device of the run. */
const operations: Record<string, (x: Tensor) => Tensor | Tensor[]> = {
  elementwise: (x) => [x.exp().add(x.tanh()).mul(x.sigmoid()), x.abs().add(1).log().pow(1.5), x.clamp(-0.5, 0.5)],
  choice: (x) => [x.gt(0).to('float32'), x.maximum(x.neg()).div(x.square().add(1))],
  reductions: (x) => [x.sum(1), x.mean(), x.max(3).values, x.variance(0), x.cumsum(2), x.argmax(1)],
  softmax: (x) => [F.softmax(x, { dim: 1 }), F.logSoftmax(x.flatten(1), { dim: 1 })],
  shapes: (x) => [x.permute(0, 2, 3, 1).reshape(8, -1), x.slice(3, 1, 11, 2), x.flip(2), x.pad([1, 2, 0, 1])],
  products: (x) => [
    x.reshape(32, 144).matmul(reals(3, 144, 70)),
    x.reshape(1, -1).matmul(reals(4, 4608, 3)),
    x.matmul(x.transpose(2, 3)),
  ],
  convolution: (x) => [
    F.conv2d(x, reals(5, 6, 4, 3, 3), null, { padding: 1 }),
    F.conv2d(x, reals(6, 4, 1, 3, 3), null, { stride: 2, groups: 4 }),
  ],
  pooling: (x) => [F.maxPool2d(x, 2), F.avgPool2d(x, 3, { stride: 2 })],
  normalisation: (x) => [
    new nn.BatchNorm2d(4).forward(x),
    new nn.GroupNorm(2, 4).forward(x),
    F.layerNorm(x, [12]),
    new nn.RMSNorm([12, 12]).forward(x),
  ],
  resizing: (x) => [F.interpolate(x, { scaleFactor: 2, mode: 'bilinear' }), F.interpolate(x, { size: [5, 7] })],
  rows: (x) => [
    x.reshape(144, 32).indexSelect(0, whole(144, 200)),
    x.gather(3, whole(12, 8, 4, 12, 5)),
    x.scatterAdd(3, whole(12, 8, 4, 12, 5), reals(7, 8, 4, 12, 5)),
  ],
  order: (x) => [x.sort(3).values, x.reshape(8, 576).sort(1, { descending: true }).values, x.topk(3, 2).values],
  losses: (x) => [F.crossEntropy(x.reshape(384, 12), whole(12, 384)), F.mseLoss(x, x.mul(0.5).add(1).detach())],
  ...Object.fromEntries(
    (['RNN', 'GRU', 'LSTM'] as const).map((kind) => [
      kind,
      (x: Tensor) => new nn[kind](12, 9).forward(x.reshape(12, 32, 12))[0],
    ]),
  ),
  attention: (x) => F.scaledDotProductAttention(x, x, x),
  random: (x) => F.dropout(x, { p: 0.3, training: true }),
};

/** Results on a device, and the gradients of the inputs that require them. */
async function valuesOf(device: Device, fn: (...inputs: Tensor[]) => Tensor | Tensor[], given: readonly Tensor[]) {
  const values = await Promise.all(given.map((x) => x.data()));
  await init({ device });
  manualSeed(5);
  const inputs = given.map(({ shape, dtype, requiresGrad }, i) => tensor(values[i]!, { shape, dtype, requiresGrad }));
  const results = [fn(...inputs)].flat();
  const losses = results.filter((y) => y.requiresGrad).map((y) => y.mul(reals(9, ...y.shape)).sum());
  if (losses.length > 0) losses.reduce((a, b) => a.add(b)).backward();
  const gradients = inputs.flatMap(({ grad }) => grad ?? []);
  expect(gradients.length, 'gradients').toBe(losses.length > 0 ? inputs.filter((x) => x.requiresGrad).length : 0);
  return Promise.all([...results, ...gradients].map(async (t) => Array.from(await t.data())));
}

async function check(fn: (...inputs: Tensor[]) => Tensor | Tensor[], inputs: readonly Tensor[]): Promise<void> {
  const expected = await valuesOf('reference', fn, inputs);
  const got = await valuesOf('webgpu', fn, inputs);
  expect(got.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  expected.forEach((values, result) => {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    values.forEach((value, i) => {
      const near = Math.abs(got[result]![i]! - value) <= TOLERANCE * (Math.abs(value) + Math.min(1, scale));
      if (!near) expect.fail(`result ${result}, element ${i} is ${got[result]![i]}, expected ${value}`);
    });
  });
}

describeOnGpu('operations on webgpu', () => {
  test.each(Object.entries(operations))('%s is right', async (_, fn) => {
    await init({ device: 'wasm' });
    const x = reals(1, 8, 4, 12, 12);
    x.requiresGrad = true;
    await check(fn, [x]);
  });

  // Moves read values synchronously.
  const { move, ...others } = cases;
  test.each(Object.entries(others))('the rule %s is right', async (_, list) => {
    for (const [fn, ...inputs] of list) await check(fn, inputs);
  });
});
