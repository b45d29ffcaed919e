/** State dicts contain the weights of losses, and only own properties count as names. */
import { describe, expect, it } from 'vitest';
import { EarlyStopping, nn, ones, optim, randn, type Tensor, Trainer, tensor } from '../../src/index.ts';

const classes = tensor([0, 2], { dtype: 'int32' });
const [x, probabilities] = [
  randn(2, 3),
  tensor([
    [0.2, 0.3, 0.5],
    [0.6, 0.1, 0.3],
  ]),
];
const binary = tensor([
  [0, 1, 1],
  [1, 0, 1],
]);

/** Losses with weights, and the names of these in PyTorch 2. */
const LOSSES: Record<string, [(w: Tensor) => { names: string[]; loss: nn.Module; run: () => Tensor }]> = {
  CrossEntropyLoss: [
    (weight) => {
      const loss = new nn.CrossEntropyLoss({ weight });
      return { names: ['weight'], loss, run: () => loss.forward(x, classes) };
    },
  ],
  NLLLoss: [
    (weight) => {
      const loss = new nn.NLLLoss({ weight });
      return { names: ['weight'], loss, run: () => loss.forward(probabilities.log(), classes) };
    },
  ],
  FocalLoss: [
    (weight) => {
      const loss = new nn.FocalLoss({ weight });
      return { names: ['weight'], loss, run: () => loss.forward(x, classes) };
    },
  ],
  BCELoss: [
    (weight) => {
      const loss = new nn.BCELoss({ weight });
      return { names: ['weight'], loss, run: () => loss.forward(probabilities, binary) };
    },
  ],
  BCEWithLogitsLoss: [
    (weight) => {
      const loss = new nn.BCEWithLogitsLoss({ weight, posWeight: weight });
      return { names: ['weight', 'pos_weight'], loss, run: () => loss.forward(x, binary) };
    },
  ],
};

describe.each(Object.entries(LOSSES))('%s', (_, [make]) => {
  it('has its weights in the state dict, and uses loaded ones', () => {
    const weight = tensor([1, 2, 0.5]);
    const [one, two] = [make(weight), make(ones(3))];
    expect(Object.keys(one.loss.stateDict())).toEqual(one.names);
    expect(one.loss.buffers()).toHaveLength(one.names.length);
    expect(one.loss.parameters()).toHaveLength(0);
    expect(two.run().item()).not.toBe(one.run().item());
    two.loss.loadStateDict(one.loss.stateDict());
    expect(two.run().item()).toBe(one.run().item());
    // The loss keeps its own reference to the given tensor.
    const before = one.run().item();
    weight.dispose();
    expect(one.run().item()).toBe(before);
    one.loss.dispose();
    expect(() => one.run()).toThrow(/disposed/);
  });
});

it('losses without weights have an empty state dict, and refuse one with weights', () => {
  const loss = new nn.CrossEntropyLoss();
  expect(loss.stateDict()).toEqual({});
  expect(() => loss.loadStateDict({ weight: ones(3) })).toThrow('unexpected [weight]');
  expect(() => new nn.CrossEntropyLoss({ weight: 3 as unknown as Tensor })).toThrow(
    'CrossEntropyLoss: weight must be a tensor',
  );
});

it('a Trainer with sample weights also uses the weights of its loss', async () => {
  const model = new nn.Linear(3, 3);
  const loss = new nn.CrossEntropyLoss({ weight: tensor([1, 2, 0.5]) });
  const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0 }), loss });
  const each = new nn.CrossEntropyLoss({ weight: tensor([1, 2, 0.5]), reduction: 'none' }).forward(
    model.forward(x),
    classes,
  );
  const [a, b] = each.toArray() as [number, number];
  const { loss: found } = await trainer.evaluate(x, classes, { sampleWeight: [1, 3] });
  expect(found).toBeCloseTo((a + 3 * b) / 2, 5);
});

/** Names that every object has by inheritance. */
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__proto__'];

describe.each(INHERITED)('the name %s', (name) => {
  it('is unexpected in a state dict', () => {
    const layer = new nn.Linear(2, 1);
    const state = Object.fromEntries([...Object.entries(layer.stateDict()), [name, ones(1)]]);
    expect(() => layer.loadStateDict(state)).toThrow(`unexpected [${name}]`);
    expect(layer.loadStateDict(state, { strict: false }).unexpectedKeys).toEqual([name]);
  });

  it('is missing in a state dict without it', () => {
    if (name === '__proto__' || name === 'constructor' || name === 'toString') return;
    class Odd extends nn.Module {
      constructor() {
        super();
        Object.assign(this, { [name]: new nn.Parameter(ones(1)) });
      }
      override forward(): void {}
    }
    expect(() => new Odd().loadStateDict({})).toThrow(`missing [${name}]`);
    expect(new Odd().loadStateDict({}, { strict: false }).missingKeys).toEqual([name]);
  });

  it('is refused as a reduction, a loss, a metric, a monitored value and a state', async () => {
    const model = new nn.Linear(3, 3);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const reduction = name as 'mean';
    expect(() => new nn.MSELoss({ reduction }).forward(x, x)).toThrow(/reduction must be/);
    expect(() => new nn.CrossEntropyLoss({ reduction }).forward(x, classes)).toThrow(/reduction must be/);
    expect(() => new nn.KLDivLoss({ reduction }).forward(x, x)).toThrow(/reduction must be/);
    expect(() => new Trainer(model, { optimizer, loss: name })).toThrow(/unknown loss/);
    expect(() => new Trainer(model, { optimizer, loss: 'mse', metrics: [name] })).toThrow(/metric/);
    const trainer = new Trainer(model, { optimizer, loss: 'mse' });
    const callbacks = [new EarlyStopping({ monitor: name })];
    await expect(trainer.fit(x, x, { callbacks, verbose: false })).rejects.toThrow(`there is no ${name} to monitor`);
    expect(() => optimizer.loadStateDict({ ...optimizer.stateDict(), state: JSON.parse(`{"${name}": {}}`) })).toThrow(
      /there is no parameter/,
    );
  });
});

it('losses by name may have a name that every object has', async () => {
  class Two extends nn.Module {
    override forward(given: Tensor): Tensor[] {
      return [given, given];
    }
  }
  const model = new nn.Sequential(new nn.Linear(3, 3), new Two() as unknown as nn.Linear);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const loss = { constructor: 'mse', valueOf: 'l1' } as unknown as Record<string, string>;
  const trainer = new Trainer(model, {
    optimizer,
    loss,
    lossWeights: { constructor: 2 } as unknown as Record<string, number>,
  });
  const history = await trainer.fit([x], [x, x], { verbose: false });
  expect(history.loss[0]).toBeCloseTo(2 * history.constructorLoss![0]! + history.valueOfLoss![0]!, 4);
});

it('a metric may have a name that every object has', async () => {
  const model = new nn.Linear(3, 3);
  const metric = Object.defineProperty(() => 7, 'name', { value: 'toString' });
  const trainer = new Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    loss: 'mse',
    metrics: [metric],
  });
  const history = await trainer.fit(x, x, { epochs: 2, verbose: false });
  expect(Object.entries(history).find(([name]) => name === 'toString')?.[1]).toEqual([7, 7]);
});
