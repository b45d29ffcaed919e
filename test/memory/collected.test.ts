/** Nothing in the library holds on to what was dropped: not the objects, and, once memory was full, not their elements either. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Compiled,
  compile,
  data,
  EarlyStopping,
  exportOnnx,
  F,
  grad,
  gridSearch,
  init,
  keep,
  LogisticRegression,
  LRScheduler,
  loadModel,
  loadOnnx,
  MLPClassifier,
  MLPRegressor,
  manualSeed,
  nn,
  noGrad,
  optim,
  Perceptron,
  randint,
  randn,
  saveModel,
  scope,
  summary,
  type Tensor,
  Trainer,
} from '../../src/index.ts';
import { cpuExecutor } from '../../src/runtime/runtime.ts';
import { collectGarbage } from '../support/garbage.ts';
import { isChecked } from '../support/inUse.ts';

beforeAll(async () => {
  await init();
  manualSeed(3);
});

/** Makes objects, uses them, and gives those that must be collected. */
type Make = () => object[] | Promise<object[]>;

const classifier = () =>
  new nn.Sequential(
    new nn.Linear(8, 16),
    new nn.BatchNorm1d(16),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.Linear(16, 3),
  );

const examples = () => ({ x: randn(12, 8), y: randint(0, 3, [12]) });

/** What a model is made of. */
const parts = (model: nn.Module): object[] => [...model.modules(), ...model.parameters()];

function steps(model: nn.Sequential, optimizer: Pick<optim.SGD, 'zeroGrad' | 'step'>) {
  const { x, y } = examples();
  const losses: Tensor[] = [];
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    losses.push(loss);
  }
  return [x, y, ...losses];
}

/** A module that its own parts lead back to. */
class Knot extends nn.Module {
  private readonly inner = new nn.Linear(4, 4);
  private readonly own = { back: this };
  last: Tensor | null = null;

  forward(x: Tensor): Tensor {
    this.last = this.own.back.inner.forward(x).tanh();
    return this.last;
  }
}

const makers: Record<string, Make> = {
  tensors() {
    const x = randn(10, 10);
    const kept = scope(() => keep(x.add(1)));
    const view = kept.reshape(100).slice(0, 3, 9);
    noGrad(() => view.add_(1));
    return [x, kept, view];
  },
  graphs() {
    const w = randn(6, 6).mul(1);
    w.requiresGrad = true;
    const first = w.matmul(w).sum();
    const [slope] = grad(first, [w], { createGraph: true });
    slope!.square().sum().backward();
    const y = w.mul(2);
    y.slice(0, 0, 2).mul_(3);
    return [w, first, slope!, w.grad!, y, w.variable!, y.variable!];
  },
  models() {
    const model = classifier();
    const { x, y } = examples();
    F.crossEntropy(model.forward(x), y).backward();
    const open = model.forward(x);
    summary(model, [2, 8]);
    return [...parts(model), open, open.variable!, ...Object.values(model.stateDict())];
  },
  'modules in circles'() {
    const knot = new Knot();
    knot
      .forward(knot.forward(randn(2, 4)))
      .sum()
      .backward();
    return [...parts(knot), knot.last!];
  },
  'drawn models'() {
    const g = new nn.Graph();
    const x = g.input([4]);
    const hidden = g.apply(new nn.Linear(4, 4), x);
    const model = g.model({ inputs: [x], outputs: [g.add(x, hidden)] });
    return [g, x, ...parts(model), model.forward(randn(2, 4)) as Tensor];
  },
  'tables of which few rows are used'() {
    const table = new nn.Embedding(50, 4);
    const optimizer = new optim.SGD(table.parameters(), { lr: 0.1 });
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      table
        .forward(randint(0, 50, [5]))
        .sum()
        .backward();
      optimizer.step();
    }
    return [...parts(table), optimizer, table.weight.grad!];
  },
  optimizers() {
    const made: object[] = [];
    const kinds = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.Adadelta, optim.NAdam];
    for (const Kind of kinds) {
      const model = classifier();
      const optimizer = new Kind(model.parameters(), { lr: 0.01 });
      const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 });
      made.push(...steps(model, optimizer));
      schedule.step();
      made.push(model, optimizer, schedule, ...optimizer.paramGroups, ...optimizer.remembered());
    }
    return made;
  },
  'L-BFGS'() {
    const model = new nn.Linear(8, 3);
    const optimizer = new optim.LBFGS(model.parameters());
    const { x, y } = examples();
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      return loss;
    });
    return [...parts(model), optimizer, ...optimizer.remembered(), x];
  },
  async trainers() {
    const model = classifier();
    const optimizer = new optim.Adam(model.parameters());
    const { x, y } = examples();
    const stop = new EarlyStopping({ monitor: 'valLoss', patience: 5, restoreBestWeights: true });
    const rates = new LRScheduler((epoch) => 0.01 / (epoch + 1));
    const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
    const options = { batchSize: 4, validationData: [x, y] as const, callbacks: [stop, rates], verbose: false };
    const history = await trainer.fit(x, y, { epochs: 3, ...options });
    await trainer.evaluate(x, y);
    const answer = await trainer.predict(x, { batchSize: 5 });
    return [...parts(model), optimizer, x, stop, rates, trainer, history, answer];
  },
  'compiled functions'() {
    const model = classifier();
    const optimizer = new optim.Adam(model.parameters());
    const { x, y } = examples();
    const constant = randn(8);
    const train = compile((input: Tensor, target: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(input.add(constant.mul(2))), target);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const answer = compile((input: Tensor, scale: number) => noGrad(() => model.forward(input).mul(scale)));
    const results = [train(x, y), train(x, y), answer(x, 1), answer(x, 2), answer(randn(3, 8), 2)];
    const compiled: Compiled<never, unknown>[] = [train, answer];
    return [...parts(model), optimizer, x, constant, ...compiled, ...results];
  },
  'loaded models'() {
    const model = classifier();
    const optimizer = new optim.Adam(model.parameters());
    steps(model, optimizer);
    const loaded = loadModel(saveModel(model, { optimizer }));
    const { x } = examples();
    return [...parts(loaded.model), loaded.optimizer!, (loaded.model as nn.Sequential).forward(x)];
  },
  'ONNX models'() {
    const model = classifier().eval();
    const bytes = exportOnnx(model, [null, 8]);
    const loaded = loadOnnx(bytes);
    const run = compile((x: Tensor) => loaded.forward(x) as Tensor);
    return [...parts(model), ...parts(loaded), run, run(randn(2, 8)), loaded.forward(randn(2, 8)) as Tensor];
  },
  async 'data sets and loaders'() {
    const { x, y } = examples();
    const set = new data.TensorDataset(x, y);
    const loader = new data.DataLoader(set, { batchSize: 4, shuffle: true });
    const batches = [...loader];
    const iterator = loader[Symbol.iterator]();
    const [first] = iterator.next().value!;
    const later = loader[Symbol.asyncIterator]();
    const { value } = await later.next();
    const [train] = data.trainTestSplit(x, y);
    return [x, y, set, loader, ...batches.flat(), iterator, first!, later, ...value!, train];
  },
  preparations() {
    const scaler = new data.StandardScaler();
    const { x } = examples();
    const scaled = scaler.fit(x).transform(x);
    const tokenizer = new data.Tokenizer();
    tokenizer.fitOnTexts(['one two', 'two three']);
    const encoder = new data.OneHotEncoder().fit([['a'], ['b']]);
    return [x, scaler, scaled, tokenizer, encoder];
  },
  'what threw'() {
    const model = classifier();
    const { x, y } = examples();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    const wrong = compile((input: Tensor) => model.forward(input).sum().item());
    const inputs = randn(4, 3);
    const calls = [() => loss.backward(), () => wrong(x), () => model.forward(inputs), () => scope(() => x.matmul(x))];
    for (const call of calls) expect(call).toThrow();
    return [...parts(model), x, loss, wrong, inputs];
  },
  async estimators() {
    const { data: x, target: y } = await data.iris();
    const settings = { hiddenLayerSizes: [4], maxIter: 3, seed: 1 };
    const networks = [new MLPClassifier(settings), new MLPClassifier({ ...settings, solver: 'lbfgs' as const })];
    const made = [...networks, new LogisticRegression(), new Perceptron({ epochs: 2 })];
    for (const estimator of made) estimator.fit(x, y).score(x, y);
    const regressor = new MLPRegressor(settings).fit(x, [...y.dataSync()]);
    const scores = await gridSearch({ alpha: [0, 0.1] }, (params) =>
      new MLPClassifier({ ...settings, ...params }).fit(x, y).score(x, y),
    );
    return [x, y, ...made, regressor, scores];
  },
};

type Watched = WeakRef<object>[];

/** Makes objects, and watches them, and all storages that are made meanwhile. */
async function watch(make: Make): Promise<{ objects: Watched; storages: Watched }> {
  const { residents } = cpuExecutor();
  const { enter } = residents;
  const storages: Watched = [];
  residents.enter = (resident, address) => {
    storages.push(new WeakRef(resident));
    return enter.call(residents, resident, address);
  };
  try {
    const objects = await make();
    return { objects: objects.map((object) => new WeakRef(object)), storages };
  } finally {
    residents.enter = enter;
  }
}

const nameOf = (object: object) => object.constructor.name;

/** The names of the objects that are still there. */
async function remaining(watched: Watched): Promise<string[]> {
  await collectGarbage();
  return watched.map((ref) => ref.deref()).flatMap((object) => (object === undefined ? [] : nameOf(object)));
}

describe.skipIf(isChecked)('what was dropped is collected', () => {
  it.each(Object.entries(makers))('%s', async (_, make) => {
    const { objects, storages } = await watch(make);
    expect(Math.min(objects.length, storages.length)).toBeGreaterThan(2);
    expect(await remaining(objects)).toEqual([]);
    // What is in the memory of the kernels may be there until that is full, and a command has run.
    randn(1).dispose();
    cpuExecutor().residents.clear();
    expect(await remaining(storages)).toEqual([]);
  });
});
