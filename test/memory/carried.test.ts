/**
 * What is carried from one batch to the next, as in PyTorch and with its numbers: sums, averages, predictions, states. Meanwhile so much else
 * is made and dropped that all of memory is used several times over.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { cat, data, F, init, memory, nn, optim, type Tensor, tensor, zeros } from '../../src/index.ts';
import { expectGolden, FORWARD, fixtures, GRADIENT, load, type Stored } from '../support/golden.ts';

type State = Record<string, Stored>;

interface Loop {
  name: string;
  x: Stored;
  y: Stored;
  lr: number;
  losses: Stored;
}

interface Classifier extends Loop {
  batch: number;
  epochs: number;
  decay: number;
  before: State;
  total: Stored;
  average: Stored;
  predictions: Stored;
  after: State;
}

interface Recurrent extends Loop {
  piece: number;
  before: { layer: State; head: State };
  h: Stored;
  c: Stored;
  after: { layer: State; head: State };
}

interface Accumulated extends Loop {
  batch: number;
  epochs: number;
  before: State;
  after: State;
}

const MIB = 2 ** 20;
const LIMIT = 12;

function fixture<T extends Loop>(name: string): T {
  return fixtures<T>('loops').find((one) => one.name === name)!;
}

const loaded = (state: State) =>
  Object.fromEntries(Object.entries(state).map(([name, stored]) => [name, load(stored)]));

/** Makes and drops a third of all memory. */
function churn(): void {
  for (let i = 0; i < LIMIT / 3; i++) zeros(MIB / 4).add(1);
}

function expectState(module: nn.Module, wanted: State): void {
  const state = module.stateDict();
  for (const [name, stored] of Object.entries(wanted)) expectGolden(name, state[name]!, stored, GRADIENT);
}

function batchesOf({ x, y, batch }: Loop & { batch: number }): data.DataLoader<[Tensor, Tensor]> {
  return new data.DataLoader(new data.TensorDataset<[Tensor, Tensor]>(load(x), load(y)), { batchSize: batch });
}

describe.each(['wasm', 'reference'] as const)('carried on %s', (device) => {
  beforeAll(() => init({ device, memoryLimitMiB: LIMIT }));

  it('are the sum of losses, an average, predictions, and losses that are read after the loop', () => {
    const given = fixture<Classifier>('classifier');
    const model = new nn.Sequential(new nn.Linear(3, 6), new nn.Tanh(), new nn.Linear(6, 4));
    model.loadStateDict(loaded(given.before));
    const optimizer = new optim.Adam(model.parameters(), { lr: given.lr });
    const loader = batchesOf(given);
    const losses: Tensor[] = [];
    let predictions: Tensor[] = [];
    let total = tensor(0);
    let average = zeros(4);
    for (let epoch = 0; epoch < given.epochs; epoch++) {
      predictions = [];
      for (const [x, y] of loader) {
        optimizer.zeroGrad();
        const output = model.forward(x);
        const loss = F.crossEntropy(output, y);
        loss.backward();
        optimizer.step();
        churn();
        losses.push(loss);
        total = total.add(loss.detach());
        average = average.mul(given.decay).add(
          output
            .detach()
            .mean(0)
            .mul(1 - given.decay),
        );
        predictions.push(output.detach());
      }
    }
    expect(memory().bytesParked).toBeGreaterThan(0);
    expectGolden('losses', tensor(losses.map((loss) => loss.item())), given.losses, FORWARD);
    expectGolden('total', total, given.total, FORWARD);
    expectGolden('average', average, given.average, FORWARD);
    expectGolden('predictions', cat(predictions), given.predictions, FORWARD);
    expectState(model, given.after);
  });

  it('is the state of an LSTM', () => {
    const given = fixture<Recurrent>('recurrent');
    const [layer, head] = [new nn.LSTM(2, 5), new nn.Linear(5, 1)];
    layer.loadStateDict(loaded(given.before.layer));
    head.loadStateDict(loaded(given.before.head));
    const optimizer = new optim.SGD([...layer.parameters(), ...head.parameters()], { lr: given.lr, momentum: 0.9 });
    const [x, y] = [load(given.x), load(given.y)];
    const losses: Tensor[] = [];
    let state: [Tensor, Tensor] | undefined;
    for (let at = 0; at < x.shape[0]!; at += given.piece) {
      const end = at + given.piece;
      optimizer.zeroGrad();
      const [output, [h, c]] = layer.forward(x.slice(0, at, end), state);
      const loss = F.mseLoss(head.forward(output), y.slice(0, at, end));
      loss.backward();
      optimizer.step();
      churn();
      state = [h.detach(), c.detach()];
      losses.push(loss);
    }
    expectGolden('losses', tensor(losses.map((loss) => loss.item())), given.losses, FORWARD);
    expectGolden('h', state![0], given.h, FORWARD);
    expectGolden('c', state![1], given.c, FORWARD);
    expectState(layer, given.after.layer);
    expectState(head, given.after.head);
  });

  it('is a graph that grows with every batch', () => {
    const given = fixture<Accumulated>('accumulated');
    const model = new nn.Linear(3, 1);
    model.loadStateDict(loaded(given.before));
    const optimizer = new optim.SGD(model.parameters(), { lr: given.lr });
    const losses: Tensor[] = [];
    for (let epoch = 0; epoch < given.epochs; epoch++) {
      optimizer.zeroGrad();
      let total = tensor(0);
      for (const [x, y] of batchesOf(given)) {
        total = total.add(F.mseLoss(model.forward(x), y));
        churn();
      }
      total.backward();
      optimizer.step();
      losses.push(total);
    }
    expectGolden('losses', tensor(losses.map((loss) => loss.item())), given.losses, FORWARD);
    expectState(model, given.after);
  });

  it('are batches: all of them, the one at which the loop ends, the first one', () => {
    const given = fixture<Classifier>('classifier');
    const loader = batchesOf(given);
    const all = [...loader];
    let found: Tensor | undefined;
    for (const [x] of loader) {
      churn();
      found = x;
      if (all.length > 1) break;
    }
    const [first] = loader;
    const next = loader[Symbol.iterator]().next().value!;
    churn();
    expectGolden('all inputs', cat(all.map(([x]) => x)), given.x, FORWARD);
    expectGolden('all labels', cat(all.map(([, y]) => y)), given.y, FORWARD);
    const wanted = load(given.x).slice(0, 0, given.batch).toArray();
    for (const batch of [found!, first![0], next[0]]) expect(batch.toArray()).toEqual(wanted);
    // Asking for one batch leaves nothing open that would free what is made later.
    const later = tensor([7]);
    for (const [x] of loader) expect(x.isDisposed).toBe(false);
    expect(later.item()).toBe(7);
  });
});
