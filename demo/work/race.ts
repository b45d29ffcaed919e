/**
 * The race's worker: the same work in plain loops, and in saraf on one thread and on all. Each contender is warmed up, then its
 * fastest batch of calls counts.
 */
import { compile, F, nn, noGrad, optim, scope, setNumThreads, type Tensor, tensor } from 'saraf';
import type { FromRace, ToRace } from '../messages.ts';
import { breath, listen, start, tell } from './host.ts';
import { PlainNetwork, plainConv, plainMatmul } from './plain.ts';

const WARMUP_MS = 250;
const MEASURE_MS = 700;
const BATCH_MS = 25;

interface Task {
  name: string;
  detail: string;
  plain: () => unknown;
  saraf: () => unknown;
}

const random = (n: number): Float32Array => Float32Array.from({ length: n }, () => Math.random() - 0.5);

function product(): Task {
  const n = 384;
  const [a, b] = [random(n * n), random(n * n)];
  const c = new Float32Array(n * n);
  const [ta, tb] = [tensor(a, { shape: [n, n] }), tensor(b, { shape: [n, n] })];
  return {
    name: 'Matrix product',
    detail: `${n}×${n} times ${n}×${n}`,
    plain: () => plainMatmul(a, b, c, n, n, n),
    saraf: () => scope(() => void ta.matmul(tb)),
  };
}

function training(): Task {
  const [sizes, batch]: [number[], number] = [[784, 128, 64, 10], 64];
  const x = random(batch * 784);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const network = new PlainNetwork(sizes, batch);
  const model = new nn.Sequential(
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Linear(128, 64),
    new nn.ReLU(),
    new nn.Linear(64, 10),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const step = compile((input: Tensor, wanted: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), wanted);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const [tx, ty] = [tensor(x, { shape: [batch, 784] }), tensor(labels)];
  return {
    name: 'Training step',
    detail: `a network of ${sizes.join('-')}, ${batch} examples: forward, backward, update`,
    plain: () => network.step(x, labels, 0.01),
    saraf: () => scope(() => void step(tx, ty)),
  };
}

function convolution(): Task {
  const [inChannels, outChannels, side] = [64, 64, 28];
  const x = random(inChannels * side * side);
  const weight = random(outChannels * inChannels * 9);
  const y = new Float32Array(outChannels * side * side);
  const tx = tensor(x, { shape: [1, inChannels, side, side] });
  const tw = tensor(weight, { shape: [outChannels, inChannels, 3, 3] });
  const run = compile((image: Tensor) => noGrad(() => F.conv2d(image, tw, null, { padding: 1 })));
  return {
    name: 'Convolution',
    detail: `3×3, ${inChannels} to ${outChannels} channels, ${side}×${side} pixels`,
    plain: () => plainConv(x, weight, y, inChannels, outChannels, side),
    saraf: () => scope(() => void run(tx)),
  };
}

/** Milliseconds for each call, in the fastest batch. */
async function time(call: () => unknown): Promise<number> {
  const batch = (reps: number): number => {
    const begun = performance.now();
    for (let i = 0; i < reps; i++) call();
    return performance.now() - begun;
  };
  let reps = 1;
  for (let total = 0; total < WARMUP_MS; ) {
    const ms = batch(reps);
    total += ms;
    if (ms < BATCH_MS) reps *= 2;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let total = 0; total < MEASURE_MS; ) {
    const ms = batch(reps);
    total += ms;
    best = Math.min(best, ms / reps);
    await breath();
  }
  return best;
}

export function race(): void {
  listen<ToRace>(async () => {
    const { threads } = await start('auto');
    for (const task of [product(), training(), convolution()]) {
      const { name, detail, plain, saraf } = task;
      tell<FromRace>({ type: 'begun', task: name, detail });
      const report = async (who: string, call: () => unknown) => {
        tell<FromRace>({ type: 'lap', task: name, lap: { who, ms: await time(call) } });
      };
      await report('plain JavaScript', plain);
      setNumThreads(1);
      await report('saraf, 1 thread', saraf);
      if (threads > 1) {
        setNumThreads(threads);
        await report(`saraf, ${threads} threads`, saraf);
      }
    }
    tell<FromRace>({ type: 'finished' });
  });
}
