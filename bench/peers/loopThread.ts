/**
 * A training loop in a thread of its own, with a heap of its own: what one loop leaves behind must not cost another one time. It is told
 * how many steps to make, and answers how long they took.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as saraf from '../../src/index.ts';
import type { LoopKind } from './loops.ts';

const { data, F, manualSeed, memory, nn, optim, randint, randn, scope, select } = saraf;
type Tensor = saraf.Tensor;

interface Model {
  forward(x: Tensor): Tensor;
  parameters(): saraf.nn.Parameter[];
}

const CLASSES = 10;
const BATCH = 64;
const EXAMPLES = 6400;
const SEQUENCES = 950;
const STEPS = 50;

function modelOf(kind: LoopKind): Model {
  class Perceptron extends nn.Module {
    a = new nn.Linear(784, 128);
    b = new nn.Linear(128, 64);
    c = new nn.Linear(64, CLASSES);
    override forward(x: Tensor): Tensor {
      return this.c.forward(this.b.forward(this.a.forward(x).relu()).relu());
    }
  }
  class Convolutional extends nn.Module {
    a = new nn.Conv2d(1, 32, 3);
    b = new nn.Conv2d(32, 64, 3);
    c = new nn.Linear(1600, CLASSES);
    override forward(x: Tensor): Tensor {
      const half = F.maxPool2d(this.a.forward(x).relu(), 2);
      return this.c.forward(F.maxPool2d(this.b.forward(half).relu(), 2).flatten(1));
    }
  }
  class Recurrent extends nn.Module {
    layer = new nn.LSTM(1, 50, { batchFirst: true });
    head = new nn.Linear(50, 1);
    override forward(x: Tensor): Tensor {
      return this.head.forward(select(this.layer.forward(x)[0], 1, -1));
    }
  }
  const relu = () => new nn.ReLU();
  const pooled = (inChannels: number, channels: number) => [
    new nn.Conv2d(inChannels, channels, 3),
    relu(),
    new nn.MaxPool2d(2),
  ];
  switch (kind) {
    case 'mlpByHand':
      return new Perceptron();
    case 'cnn':
      return new nn.Sequential(...pooled(1, 32), ...pooled(32, 64), new nn.Flatten(), new nn.Linear(1600, CLASSES));
    case 'cnnByHand':
      return new Convolutional();
    case 'lstm':
      return new Recurrent();
    default:
      return new nn.Sequential(
        new nn.Linear(784, 128),
        relu(),
        new nn.Linear(128, 64),
        relu(),
        new nn.Linear(64, CLASSES),
      );
  }
}

/** Gives batch after batch. */
function batchesOf(kind: LoopKind): () => [Tensor, Tensor] {
  if (kind === 'lstm') {
    const batch: [Tensor, Tensor] = [randn(SEQUENCES, STEPS, 1), randn(SEQUENCES, 1)];
    return () => batch;
  }
  const isImage = kind === 'cnn' || kind === 'cnnByHand';
  if (kind !== 'mlpBatches' && kind !== 'mlpLoader') {
    const x = isImage ? randn(BATCH, 1, 28, 28) : randn(BATCH, 784);
    const y = randint(0, CLASSES, [BATCH]);
    return () => [x, y];
  }
  const set = new data.TensorDataset<[Tensor, Tensor]>(randn(EXAMPLES, 784), randint(0, CLASSES, [EXAMPLES]));
  return kind === 'mlpLoader' ? fromLoader(set) : byNumber(set);
}

function fromLoader(set: saraf.data.TensorDataset<[Tensor, Tensor]>): () => [Tensor, Tensor] {
  const loader = new data.DataLoader(set, { batchSize: BATCH });
  let pass = loader[Symbol.iterator]();
  return () => {
    let next = pass.next();
    if (next.done) {
      pass = loader[Symbol.iterator]();
      next = pass.next();
    }
    return next.value!;
  };
}

function byNumber(set: saraf.data.TensorDataset<[Tensor, Tensor]>): () => [Tensor, Tensor] {
  let at = 0;
  return () => {
    const indices = Int32Array.from({ length: BATCH }, (_, i) => (at + i) % EXAMPLES);
    at += BATCH;
    return set.batch(indices);
  };
}

/** Losses that are compared. */
const CHECKED = 3;
/** Milliseconds in which a loop that frees nothing may fill the memory. */
const FILLING = 6000;
/** Steps for each that is asked for: memory has to be made room in only once in some hundred steps. */
const LONG = 8;

const { kind, isScoped } = workerData as { kind: LoopKind; isScoped: boolean };
manualSeed(7);
const model = modelOf(kind);
const optimizer = new optim.Adam(model.parameters());
const batches = batchesOf(kind);

function step(): Tensor {
  const [x, y] = batches();
  optimizer.zeroGrad();
  const output = model.forward(x);
  const loss = kind === 'lstm' ? F.mseLoss(output, y) : F.crossEntropy(output, y);
  loss.backward();
  optimizer.step();
  return loss;
}

const once = isScoped ? () => scope(() => void step()) : () => void step();

/** The first losses. A loop that frees nothing goes on until its memory is full. */
function begin(): number[] {
  const losses = Array.from({ length: CHECKED }, () => scope(() => step().item()));
  const start = performance.now();
  while (!isScoped && memory().bytesParked === 0 && performance.now() - start < FILLING) once();
  return losses;
}

function time(steps: number): number {
  const start = performance.now();
  for (let i = 0; i < LONG * steps; i++) once();
  return (performance.now() - start) / LONG;
}

await saraf.init();
parentPort!.postMessage(begin());
parentPort!.on('message', (steps: number) => parentPort!.postMessage(time(steps)));
