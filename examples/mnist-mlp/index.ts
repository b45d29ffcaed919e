/**
 * Trains a multilayer perceptron, 784-128-64-10, on the real MNIST digits, then trains its first epoch again on the
 * pure-JavaScript executor and prints how many times as fast the kernels are.
 *
 *     npm start
 */
import { SingleBar } from 'cli-progress';
import {
  compile,
  data,
  F,
  init,
  keep,
  manualSeed,
  nn,
  noGrad,
  optim,
  type RuntimeInfo,
  runtimeInfo,
  scope,
  type Tensor,
} from 'saraf';
import { mnist } from 'saraf/node';

const EPOCHS = 12;
const BATCH_SIZE = 64;
const LEARNING_RATE = 0.1;
const GOAL = 0.972;
const SEED = 1;

type Device = 'wasm' | 'reference';

function buildModel(): nn.Sequential {
  const layers = [new nn.Linear(784, 128), new nn.Linear(128, 64), new nn.Linear(64, 10)] as const;
  for (const { weight, bias } of layers) {
    nn.init.kaimingNormal_(weight, { nonlinearity: 'relu' });
    if (bias !== null) nn.init.constant_(bias, 0);
  }
  return new nn.Sequential(new nn.Flatten(), layers[0], new nn.ReLU(), layers[1], new nn.ReLU(), layers[2]);
}

/** A progress bar on a terminal; elsewhere nothing, so that logs stay readable. */
function progressBar(title: string, total: number): SingleBar {
  const bar = new SingleBar({
    format: `${title} [{bar}] {percentage}%  loss {loss}  {speed} images/s`,
    barsize: 24,
    noTTYOutput: false,
    hideCursor: true,
  });
  bar.start(total, 0, { loss: '-', speed: '-' });
  return bar;
}

interface EpochResult {
  loss: number;
  imagesPerSecond: number;
  seconds: number;
}

type Pair = [images: Tensor, labels: Tensor];
type Step = (x: Tensor, y: Tensor) => Tensor;

function trainEpoch(title: string, train: Step, loader: data.DataLoader<Pair>): EpochResult {
  const bar = progressBar(title, loader.length);
  const start = performance.now();
  let images = 0;
  let total = 0;
  let step = 0;
  for (const [x, y] of loader) {
    const [count = 0] = x.shape;
    total += train(x, y).item() * count;
    images += count;
    if (++step % 50 === 0 || step === loader.length) {
      const speed = images / ((performance.now() - start) / 1000);
      bar.update(step, { loss: (total / images).toFixed(4), speed: Math.round(speed).toLocaleString('en') });
    }
  }
  bar.stop();
  const seconds = (performance.now() - start) / 1000;
  return { loss: total / images, imagesPerSecond: images / seconds, seconds };
}

function accuracy(model: nn.Sequential, [images, labels]: Pair): number {
  return scope(() => noGrad(() => model.forward(images).argmax(1).eq(labels).to('float32').mean().item()));
}

/** Model, training step and batches from one seed, so that both executors see the same numbers. */
function prepare(train: data.TensorDataset<Pair>) {
  manualSeed(SEED);
  const model = buildModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: LEARNING_RATE });
  const loader = new data.DataLoader(train, { batchSize: BATCH_SIZE, shuffle: true, seed: SEED });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return { model, step, loader };
}

async function start(device: Device): Promise<RuntimeInfo> {
  const info = await init({ device, threads: 'auto' });
  console.log(`\n${device === 'wasm' ? 'WebAssembly kernels' : 'Pure JavaScript'}: ${JSON.stringify(info)}`);
  return info;
}

const { threads } = await start('wasm');
const { train, test } = mnist();
const { model, step, loader } = prepare(train);
let fast = 0;
let best = 0;
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const result = trainEpoch(`epoch ${String(epoch).padStart(2)}`, step, loader);
  if (epoch === 1) fast = result.imagesPerSecond;
  const score = accuracy(model, test.tensors);
  best = Math.max(best, score);
  console.log(
    `epoch ${epoch}: loss ${result.loss.toFixed(4)}, test accuracy ${(score * 100).toFixed(2)} %, ${Math.round(result.imagesPerSecond).toLocaleString('en')} images/s, ${result.seconds.toFixed(1)} s`,
  );
}

await start('reference');
const [images, labels] = train.tensors;
const moved = new data.TensorDataset(keep(images.to('reference')), keep(labels.to('reference')));
const plain = prepare(moved);
const slow = trainEpoch('epoch  1', plain.step, plain.loader);
console.log(
  `epoch 1: loss ${slow.loss.toFixed(4)}, ${Math.round(slow.imagesPerSecond).toLocaleString('en')} images/s, ${slow.seconds.toFixed(1)} s`,
);

console.log(
  `\nThe kernels (${runtimeInfo().runtime}) on ${threads} thread${threads === 1 ? '' : 's'} train ${(fast / slow.imagesPerSecond).toFixed(1)} times as fast as pure JavaScript.`,
);
console.log(`Test accuracy: ${(best * 100).toFixed(2)} % at best, goal ${(GOAL * 100).toFixed(1)} %.`);
if (best < GOAL) process.exitCode = 1;
