/** Models that end in Softmax or Sigmoid, and losses that apply them too: one warning per model, with the remedy. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { F, nn, optim, randn, type Tensor, Trainer, tensor } from '../../src/index.ts';

const x = randn(6, 3);
const classes = tensor([0, 1, 1, 0, 1, 0], { dtype: 'int32' });
const binary = tensor([
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0],
  [0, 1],
  [1, 0],
]);
const shares = tensor(Array.from({ length: 6 }, () => [0.3, 0.7]));

let warned: string[] = [];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((message) => void warned.push(String(message)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Net = nn.Module & { forward(input: Tensor): Tensor };

/** Models that end in this layer: a graph, a sequence, or one whose forward calls the function. */
const MODELS: Record<string, (last: nn.Layer) => Net> = {
  Sequential: (last) => new nn.Sequential(new nn.Linear(3, 2), last),
  'Sequential in Sequential': (last) =>
    new nn.Sequential(new nn.Linear(3, 2), new nn.Sequential(new nn.Identity(), last)),
  Graph: (last) => {
    const g = new nn.Graph();
    const input = g.input([3]);
    return g.model({
      inputs: [input],
      outputs: [g.apply(last, g.apply(new nn.Linear(3, 2), input))],
    }) as unknown as Net;
  },
  'a class': (last) => {
    class Own extends nn.Module {
      linear = new nn.Linear(3, 2);
      override forward(input: Tensor): Tensor {
        return last.forward(this.linear.forward(input)).reshape([-1, 1, 2]).squeeze(1);
      }
    }
    return new Own();
  },
};

const LASTS: Record<string, () => nn.Layer> = {
  Softmax: () => new nn.Softmax(),
  'Softmax over another dimension': () => new nn.Softmax({ dim: 0 }),
  Sigmoid: () => new nn.Sigmoid(),
  LogSoftmax: () => new nn.LogSoftmax(),
  ReLU: () => new nn.ReLU(),
};

/** A loss, its function and its name in Trainer, its targets, and the layers after which it warns. */
const LOSSES: [string, () => Net, unknown, string, Tensor, RegExp][] = [
  [
    'CrossEntropyLoss',
    () => new nn.CrossEntropyLoss() as never,
    F.crossEntropy,
    'crossEntropy',
    classes,
    /^(Softmax|Sigm)/,
  ],
  ['FocalLoss', () => new nn.FocalLoss() as never, F.focalLoss, 'focal', classes, /^(Softmax|Sigmoid)/],
  [
    'BCEWithLogitsLoss',
    () => new nn.BCEWithLogitsLoss() as never,
    F.binaryCrossEntropyWithLogits,
    'bceWithLogits',
    binary,
    /^(Softmax|Sigmoid)/,
  ],
  ['NLLLoss', () => new nn.NLLLoss() as never, F.nllLoss, 'nll', classes, /^(Softmax|Sigmoid)/],
  ['KLDivLoss', () => new nn.KLDivLoss() as never, F.klDiv, 'klDiv', shares, /^(Softmax|Sigmoid)/],
  ['MSELoss', () => new nn.MSELoss() as never, F.mseLoss, 'mse', shares, /^$/],
];
const CALLED: Record<string, string> = {
  CrossEntropyLoss: 'crossEntropy takes logits',
  FocalLoss: 'focalLoss takes logits',
  BCEWithLogitsLoss: 'binaryCrossEntropyWithLogits takes logits',
  NLLLoss: 'nllLoss takes log-probabilities',
  KLDivLoss: 'klDiv takes log-probabilities',
};

describe.each(LOSSES)('%s warns once if needed', (kind, make, fn, name, y, bad) => {
  describe.each(Object.entries(LASTS))('after %s', (last, layer) => {
    const check = () => {
      expect(warned).toHaveLength(bad.test(last) ? 1 : 0);
      if (warned.length > 0) {
        expect(warned[0]).toContain(`${CALLED[kind]}, but gets what a ${last.split(' ')[0]} gives`);
        expect(warned[0]).toMatch(/: (remove the|put LogSoftmax in the place of the) (Softmax|Sigmoid) at the end/);
      }
    };

    it.each(Object.keys(MODELS))('%s, in a loop', (form) => {
      const model = MODELS[form]!(layer());
      for (let i = 0; i < 3; i++) (make().forward as (a: Tensor, b: Tensor) => Tensor)(model.forward(x), y).backward();
      check();
      // Another model gets its own warning.
      const other = MODELS[form]!(layer());
      (make().forward as (a: Tensor, b: Tensor) => Tensor)(other.forward(x), y);
      expect(warned).toHaveLength(bad.test(last) ? 2 : 0);
    });

    it.each(['a name', 'a module', 'a function', 'a name, with weights', 'a function, with weights'])(
      'in a Trainer, given as %s',
      async (given) => {
        const model = MODELS.Sequential!(layer());
        const loss = given.startsWith('a name') ? name : given === 'a module' ? make() : (fn as typeof F.mseLoss);
        const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loss });
        const options = { epochs: 2, batchSize: 3, verbose: false };
        if (given === 'a function, with weights') {
          const each = (a: Tensor, b: Tensor) => (fn as typeof F.mseLoss)(a, b, { reduction: 'none' });
          // Losses inside a user-defined function are not recognised.
          await new Trainer(model, { optimizer: trainer.optimizer, loss: each }).fit(x, y, options);
          expect(warned).toEqual([]);
          return;
        }
        const sampleWeight = given.endsWith('weights') ? [1, 2, 1, 2, 1, 2] : undefined;
        await trainer.fit(x, y, { ...options, ...(sampleWeight && { sampleWeight }) });
        await trainer.fit(x, y, options);
        check();
      },
    );

    it('but not if nothing is trained', async () => {
      const model = MODELS.Sequential!(layer());
      const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters()), loss: name });
      await trainer.evaluate(x, y);
      expect(warned).toEqual([]);
    });
  });
});

it('the warning says what to do', () => {
  const model = MODELS.Sequential!(new nn.Softmax());
  new nn.CrossEntropyLoss().forward(model.forward(x), classes);
  expect(warned).toEqual([
    'saraf: crossEntropy takes logits, but gets what a Softmax gives, and trains badly: remove the Softmax at the end of the model and apply it to what it predicts, or let it end in LogSoftmax and train with NLLLoss',
  ]);
});

it('the warning goes to the console if there is no process', () => {
  vi.restoreAllMocks();
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('process', undefined);
  new nn.BCEWithLogitsLoss().forward(MODELS.Graph!(new nn.Sigmoid()).forward(x), binary);
  vi.unstubAllGlobals();
  expect(log).toHaveBeenCalledTimes(1);
});
