/** Operations of every family, and their gradients, on the GPU against the CPU, for smoke.js. */
import { F, init, manualSeed, nn, tensor } from 'saraf';

const TOLERANCE = 1e-4;

const numbers = (n, seed) => Float32Array.from({ length: n }, (_, i) => Math.sin((i + 1) * (seed + 0.37) * 12.9898));
const reals = (seed, ...shape) =>
  tensor(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape },
  );
const whole = (below, ...shape) =>
  tensor(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7919) % below),
    { shape },
  );

/** From x [8, 4, 12, 12] to tensors; a layer is made on the device of the run. */
const operations = {
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
  normalisation: (x) => [new nn.BatchNorm2d(4).forward(x), new nn.GroupNorm(2, 4).forward(x), F.layerNorm(x, [12])],
  resizing: (x) => [F.interpolate(x, { scaleFactor: 2, mode: 'bilinear' }), F.interpolate(x, { size: [5, 7] })],
  rows: (x) => [
    x.reshape(144, 32).indexSelect(0, whole(144, 200)),
    x.gather(3, whole(12, 8, 4, 12, 5)),
    x.scatterAdd(3, whole(12, 8, 4, 12, 5), reals(7, 8, 4, 12, 5)),
  ],
  order: (x) => [x.sort(3).values, x.reshape(8, 576).sort(1, { descending: true }).values, x.topk(3, 2).values],
  losses: (x) => [F.crossEntropy(x.reshape(384, 12), whole(12, 384)), F.mseLoss(x, x.mul(0.5).add(1).detach())],
  ...Object.fromEntries(
    ['RNN', 'GRU', 'LSTM'].map((kind) => [kind, (x) => new nn[kind](12, 9).forward(x.reshape(12, 32, 12))[0]]),
  ),
  attention: (x) => F.scaledDotProductAttention(x, x, x),
  random: (x) => [F.dropout(x, { p: 0.3, training: true })],
};

async function valuesOf(device, operation) {
  await init({ device });
  manualSeed(5);
  const x = tensor(numbers(8 * 4 * 144, 1), { shape: [8, 4, 12, 12], requiresGrad: true });
  const results = [operation(x)].flat();
  const losses = results.filter((t) => t.requiresGrad).map((t) => t.mul(reals(9, ...t.shape)).sum());
  if (losses.length > 0) losses.reduce((a, b) => a.add(b)).backward();
  const tensors = x.grad === null ? results : [...results, x.grad];
  return Promise.all(tensors.map((t) => t.data()));
}

/** Throws where the GPU gives other numbers; else tells how many operations were compared. */
export async function compareOperations() {
  for (const [name, operation] of Object.entries(operations)) {
    const expected = await valuesOf('wasm', operation);
    const got = await valuesOf('webgpu', operation);
    expected.forEach((values, result) => {
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      values.forEach((value, i) => {
        const near = Math.abs(got[result][i] - value) <= TOLERANCE * (Math.abs(value) + Math.min(1, scale));
        if (!near) throw new Error(`${name}: result ${result}, element ${i} is ${got[result][i]}, expected ${value}`);
      });
    });
  }
  return Object.keys(operations).length;
}
