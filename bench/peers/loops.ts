/** Training loops as people write them first, and the same inside a scope. */
import type { data as Data, Tensor } from '../../src/index.ts';
import type { Prepared } from '../harness/types.ts';
import { openSaraf } from './saraf.ts';
import type { Peer } from './types.ts';

type Saraf = typeof import('../../src/index.ts');

/** A model, how it is written, and where its batches come from. */
export const loopKinds = {
  mlp: 'MLP 784-128-64-10, batch 64',
  mlpByHand: 'MLP without Sequential',
  mlpBatches: 'MLP, batches by number',
  mlpLoader: 'MLP, batches of a DataLoader',
  cnn: 'CNN 32-64, batch 64',
  cnnByHand: 'CNN without Sequential',
  lstm: 'LSTM of 50 units, 50 steps, batch 950',
} as const;
export type LoopKind = keyof typeof loopKinds;

interface Model {
  forward(x: Tensor): Tensor;
  parameters(): InstanceType<Saraf['nn']['Parameter']>[];
}

const CLASSES = 10;
const BATCH = 64;
const EXAMPLES = 6400;
const SEQUENCES = 950;
const STEPS = 50;

function modelOf({ nn, F, select }: Saraf, kind: LoopKind): Model {
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
function batchesOf(saraf: Saraf, kind: LoopKind): () => [Tensor, Tensor] {
  const { randn, randint, data } = saraf;
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
  return kind === 'mlpLoader' ? fromLoader(saraf, set) : byNumber(set);
}

function fromLoader({ data }: Saraf, set: Data.TensorDataset<[Tensor, Tensor]>): () => [Tensor, Tensor] {
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

function byNumber(set: Data.TensorDataset<[Tensor, Tensor]>): () => [Tensor, Tensor] {
  let at = 0;
  return () => {
    const indices = Int32Array.from({ length: BATCH }, (_, i) => (at + i) % EXAMPLES);
    at += BATCH;
    return set.batch(indices);
  };
}

/** Losses that are compared, and steps that fill the memory if nothing is freed by hand. */
const CHECKED = 3;
const LONGEST_FILLING = 400;

function loop(saraf: Saraf, kind: LoopKind, isScoped: boolean): Prepared {
  const { F, manualSeed, memory, optim, scope } = saraf;
  manualSeed(7);
  const model = modelOf(saraf, kind);
  const optimizer = new optim.Adam(model.parameters());
  const batches = batchesOf(saraf, kind);
  const step = (): Tensor => {
    const [x, y] = batches();
    optimizer.zeroGrad();
    const output = model.forward(x);
    const loss = kind === 'lstm' ? F.mseLoss(output, y) : F.crossEntropy(output, y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return {
    run: isScoped ? () => scope(() => void step()) : () => void step(),
    output: () => {
      const losses = Float64Array.from({ length: CHECKED }, () => step().item());
      for (let i = 0; i < LONGEST_FILLING && memory().bytesParked === 0; i++) step();
      return losses;
    },
    dispose: () => {
      for (const parameter of model.parameters()) parameter.dispose();
      optimizer.dispose();
    },
  };
}

const peer = (name: string, isScoped: boolean): Peer => ({
  name,
  open: () => openSaraf((saraf) => ({ loop: (kind) => loop(saraf, kind, isScoped) })),
});

export const inScopes = peer('saraf', true);
export const plainLoops = peer('saraf, plain loop', false);
