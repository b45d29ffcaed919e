/** States of optimizers and schedules: they survive JSON, and anything that is not such a state is refused by name. */
import { describe, expect, it } from 'vitest';
import { compile, memory, nn, noGrad, optim, randn, scope, type Tensor, Trainer, tensor } from '../../src/index.ts';
import { advance } from '../support/schedules.ts';

type Group = { params: unknown } & Record<string, unknown>;
interface State {
  kind?: string;
  state: Record<string, Record<string, unknown>>;
  paramGroups: Group[];
}
interface Optimizer {
  paramGroups: ({ params: Tensor[] } & Record<string, unknown>)[];
  step(closure?: () => Tensor): unknown;
  zeroGrad(): void;
  stateDict(): State;
  loadStateDict(state: unknown): void;
  dispose(): void;
}

/** Each class with settings that use all of its memory. */
const KINDS: Record<string, (params: Tensor[]) => unknown> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  'SGD without momentum': (params) => new optim.SGD(params, { lr: 0.1 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.05, amsgrad: true }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.05, maximize: true }),
  NAdam: (params) => new optim.NAdam(params, { lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true }),
  RMSprop: (params) => new optim.RMSprop(params, { lr: 0.05, momentum: 0.5, centered: true }),
  Adagrad: (params) => new optim.Adagrad(params, { lr: 0.1, lrDecay: 0.01 }),
  Adadelta: (params) => new optim.Adadelta(params, { rho: 0.8 }),
  LBFGS: (params) => new optim.LBFGS(params, { lr: 0.1, maxIter: 2 }),
};
const made = (kind: string, params: Tensor[]) => KINDS[kind]!(params) as Optimizer;

const START = [
  [
    [0.5, -1.25, 2],
    [0.125, 0.75, -0.3],
  ],
  [0.1, -0.2],
];
/** New parameters, [2, 3] and [2]. */
const parameters = () => START.map((values) => tensor(values, { requiresGrad: true }));

/** A step whose gradients depend on the values of the parameters. */
function step(optimizer: Optimizer): void {
  const [w, b] = optimizer.paramGroups.flatMap(({ params }) => params) as [Tensor, Tensor];
  const closure = () => {
    optimizer.zeroGrad();
    const loss = w.sub(0.3).pow(4).sum().add(w.sum(1).mul(b).square().sum());
    loss.backward();
    return loss;
  };
  scope(() => {
    if (optimizer instanceof optim.LBFGS) optimizer.step(closure);
    else {
      closure();
      optimizer.step();
    }
  });
}

const values = (params: readonly Tensor[]) => params.map((param) => param.toArray());

function stepped(kind: string, steps: number): { optimizer: Optimizer; params: Tensor[] } {
  const params = parameters();
  const optimizer = made(kind, params);
  for (let i = 0; i < steps; i++) step(optimizer);
  return { optimizer, params };
}

/** An optimizer of copies of those parameters. */
function twin(kind: string, params: readonly Tensor[]): { optimizer: Optimizer; params: Tensor[] } {
  const copies = params.map((param) => tensor(param.toArray() as number[], { requiresGrad: true }));
  return { optimizer: made(kind, copies), params: copies };
}

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe.each(Object.keys(KINDS))('the state of %s', (kind) => {
  it.each([0, 3])('continues with the same bits after JSON, %i steps later', (before) => {
    const { optimizer, params } = stepped(kind, before);
    const other = twin(kind, params);
    other.optimizer.loadStateDict(json(optimizer.stateDict()));
    for (let i = 0; i < 5; i++) {
      step(optimizer);
      step(other.optimizer);
      expect(values(other.params)).toEqual(values(params));
    }
    expect(json(other.optimizer.stateDict())).toEqual(json(optimizer.stateDict()));
  });

  it('continues in a compiled step', () => {
    if (kind === 'LBFGS') return;
    const { optimizer, params } = stepped(kind, 3);
    const other = twin(kind, params);
    const compiled = compile(() => {
      const [w, b] = other.params as [Tensor, Tensor];
      other.optimizer.zeroGrad();
      w.sub(0.3).pow(4).sum().add(w.sum(1).mul(b).square().sum()).backward();
      other.optimizer.step();
    });
    for (let i = 0; i < 3; i++) compiled();
    noGrad(() => {
      other.params.forEach((param, i) => {
        param.copy_(params[i]!);
      });
    });
    other.optimizer.loadStateDict(json(optimizer.stateDict()));
    for (let i = 0; i < 3; i++) {
      step(optimizer);
      compiled();
    }
    other.params.forEach((param, i) => {
      expect(param.sub(params[i]!).abs().max().item()).toBeLessThan(1e-5);
    });
  });

  /** The same state with an error in it, and what the message must name. */
  function damages(state: State): [string, unknown, RegExp][] {
    const list: [string, unknown, RegExp][] = [
      ['is empty', {}, /expected \{ kind, state, paramGroups \}/],
      ['is null', null, /got null/],
      ['is a list', [], /got an array/],
      ['has no groups', { ...state, paramGroups: undefined }, /paramGroups/],
      ['has a foreign key', { ...state, epoch: 3 }, /unknown \[epoch\]/],
      ['is of another kind', { ...state, kind: 'Lion' }, /the state is of Lion, not of/],
      ['has no group', { ...state, paramGroups: [] }, /groups of \[\] parameters/],
      ['has a group without parameters', { ...state, paramGroups: [{ ...state.paramGroups[0], params: 7 }] }, /\[no\]/],
      ['has other groups', { ...state, paramGroups: [{ ...state.paramGroups[0], params: [0] }] }, /groups of \[1\]/],
      [
        'numbers its parameters differently',
        { ...state, paramGroups: [{ ...state.paramGroups[0], params: [1, 0] }] },
        /count the param/,
      ],
      ['has an extra parameter', { ...state, state: { ...state.state, 2: {} } }, /(no parameter 2|parameter 0 only)/],
      ['has a parameter named constructor', { ...state, state: { constructor: {} } }, /constructor/],
      ['has a memory that is a number', { ...state, state: { ...state.state, 0: 3 } }, /parameter 0 must be an object/],
    ];
    for (const name of Object.keys(state.paramGroups[0]!)) {
      if (name === 'params') continue;
      const { [name]: _, ...rest } = state.paramGroups[0]!;
      list.push([`lacks ${name}`, { ...state, paramGroups: [rest] }, new RegExp(`missing \\[${name}\\]`)]);
      const wrong = { ...state, paramGroups: [{ ...state.paramGroups[0]!, [name]: '0.1' }] };
      list.push([`has a text for ${name}`, wrong, new RegExp(`paramGroups\\[0\\]\\.${name}`)]);
    }
    for (const [number, memory] of Object.entries(state.state)) {
      for (const [name, value] of Object.entries(memory)) {
        const put = (other: unknown) => ({
          ...state,
          state: { ...state.state, [number]: { ...memory, [name]: other } },
        });
        for (const wrong of [null, Number.NaN, '3', { 0: 1 }, [[1, 2]], [], true]) {
          list.push([`has ${JSON.stringify(wrong)} for ${name}`, put(wrong), new RegExp(`${name}|changes`)]);
        }
        if (Array.isArray(value)) list.push([`has a scalar for ${name}`, put(1), new RegExp(name)]);
        else list.push([`has -1 for ${name}`, put(-1), new RegExp(name)]);
      }
    }
    return list;
  }

  it('is refused by name if it is damaged, and none of it is used', () => {
    const { optimizer } = stepped(kind, 3);
    const saved = json(optimizer.stateDict());
    const before = memory().tensors;
    // The step length of LBFGS may have any sign.
    const all = damages(saved).filter(([what]) => what !== 'has -1 for length');
    for (const [what, state, message] of all) {
      expect(() => optimizer.loadStateDict(state), `a state that ${what}`).toThrow(message);
      expect(() => optimizer.loadStateDict(state), `a state that ${what}`).toThrow(/loadStateDict: /);
    }
    expect(json(optimizer.stateDict())).toEqual(saved);
    expect(memory().tensors).toBe(before);
    expect(all.length).toBeGreaterThan(20);
  });

  it('is refused by all other classes', () => {
    const { optimizer } = stepped(kind, 2);
    const state = optimizer.stateDict();
    for (const other of Object.keys(KINDS)) {
      const target = made(other, parameters());
      if (target.constructor === optimizer.constructor) continue;
      expect(() => target.loadStateDict(state), other).toThrow(/the state is of/);
      expect(() => target.loadStateDict(json(state)), other).toThrow(/the state is of/);
    }
  });

  it('is refused if its tensors have other shapes or are int32', () => {
    const { optimizer } = stepped(kind, 2);
    const state = optimizer.stateDict();
    for (const [number, memory] of Object.entries(state.state)) {
      for (const [name, value] of Object.entries(memory)) {
        if (typeof value === 'number') continue;
        const given = value as Tensor;
        for (const wrong of [given.flatten().unsqueeze(0).unsqueeze(0), given.to('int32')]) {
          const other = { ...state, state: { ...state.state, [number]: { ...memory, [name]: wrong } } };
          expect(() => optimizer.loadStateDict(other)).toThrow(new RegExp(`${name}|vectors`));
        }
      }
    }
  });
});

/** Values that no setting may have, such as texts. */
const WRONG = [undefined, null, Number.NaN, '0.1', -1, Infinity, {}];
/** Values that PyTorch accepts as well. */
const RIGHT: Record<string, unknown[]> = { dampening: [-1], lineSearchFn: [null] };

describe.each(Object.keys(KINDS))('live settings of %s', (kind) => {
  const settings = () => Object.entries(made(kind, parameters()).paramGroups[0]!).filter(([name]) => name !== 'params');

  it('are refused by name at the next step, and nothing changes', () => {
    const { optimizer, params } = stepped(kind, 2);
    const before = values(params);
    const state = json(optimizer.stateDict());
    const [group] = optimizer.paramGroups;
    for (const [name, right] of settings()) {
      for (const wrong of [...WRONG, ...(Array.isArray(right) ? [[0.9], [0.9, 1], [0.9, '0.5']] : [])]) {
        if (RIGHT[name]?.includes(wrong)) continue;
        group![name] = wrong;
        expect(() => step(optimizer), `${name} = ${String(wrong)}`).toThrow(
          new RegExp(`^${optimizer.constructor.name}\\.step: paramGroups\\[0\\]\\.${name}`),
        );
      }
      group![name] = right;
    }
    expect(values(params)).toEqual(before);
    expect(json(optimizer.stateDict())).toEqual(state);
    step(optimizer);
    expect(values(params)).not.toEqual(before);
  });

  it('are refused in compiled steps', () => {
    if (kind === 'LBFGS') return;
    const { optimizer, params } = stepped(kind, 0);
    const compiled = compile(() => {
      const [w, b] = params as [Tensor, Tensor];
      optimizer.zeroGrad();
      w.square().sum().add(b.square().sum()).backward();
      optimizer.step();
    });
    compiled();
    compiled();
    const before = values(params);
    const [group] = optimizer.paramGroups;
    for (const [name, right] of settings()) {
      for (const wrong of WRONG) {
        if (RIGHT[name]?.includes(wrong)) continue;
        group![name] = wrong;
        expect(() => compiled(), `${name} = ${String(wrong)}`).toThrow(new RegExp(`paramGroups\\[0\\]\\.${name}`));
      }
      group![name] = right;
    }
    expect(values(params)).toEqual(before);
    compiled();
    expect(values(params)).not.toEqual(before);
  });
});

it('a Trainer refuses a wrong setting before the weights change', async () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.Adam(model.parameters());
  const trainer = new Trainer(model, { optimizer, loss: 'mse' });
  const [x, y] = [randn(8, 2), randn(8, 1)];
  await trainer.fit(x, y, { verbose: false });
  let before: unknown;
  const spoil = {
    onEpochBegin: (epoch: number) => {
      if (epoch !== 1) return;
      before = values(model.parameters());
      optimizer.paramGroups[0]!.lr = undefined as unknown as number;
    },
  };
  await expect(trainer.fit(x, y, { epochs: 2, callbacks: [spoil], verbose: false })).rejects.toThrow(
    'Adam.step: paramGroups[0].lr must be at least 0, got undefined',
  );
  expect(values(model.parameters())).toEqual(before);
});

it('names the group of a wrong setting', () => {
  const [w, b] = parameters() as [Tensor, Tensor];
  const optimizer = new optim.SGD([{ params: [w] }, { params: [b], lr: 0.5 }], { lr: 0.1 });
  optimizer.paramGroups[1]!.lr = Number.NaN;
  expect(() => optimizer.step()).toThrow('SGD.step: paramGroups[1].lr must be at least 0, got NaN');
});

it('does not share betas with the state that it was given', () => {
  const { optimizer } = stepped('Adam', 1);
  const state = optimizer.stateDict();
  (state.paramGroups[0]!.betas as number[])[0] = 0;
  expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
});

it('LBFGS drops the oldest pairs when historySize is lowered', () => {
  const { optimizer } = stepped('LBFGS', 4);
  expect((optimizer.stateDict().state[0]!.steps as Tensor).shape[0]).toBeGreaterThan(2);
  optimizer.paramGroups[0]!.historySize = 2;
  step(optimizer);
  expect((optimizer.stateDict().state[0]!.steps as Tensor).shape[0]).toBe(2);
});

const { lrScheduler } = optim;
type Schedule = {
  step(metric?: number): void;
  stateDict(): Record<string, unknown>;
  loadStateDict(state: unknown): void;
};
const SCHEDULES: Record<string, (optimizer: optim.SGD) => unknown> = {
  StepLR: (o) => new lrScheduler.StepLR(o, { stepSize: 3 }),
  MultiStepLR: (o) => new lrScheduler.MultiStepLR(o, { milestones: [2, 5] }),
  ExponentialLR: (o) => new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
  CosineAnnealingLR: (o) => new lrScheduler.CosineAnnealingLR(o, { tMax: 6 }),
  CosineAnnealingWarmRestarts: (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, { t0: 3 }),
  LinearLR: (o) => new lrScheduler.LinearLR(o, { endFactor: 0 }),
  OneCycleLR: (o) => new lrScheduler.OneCycleLR(o, { maxLr: 1, epochs: 4, stepsPerEpoch: 5 }),
  LambdaLR: (o) => new lrScheduler.LambdaLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) }),
  WarmupCosineLR: (o) => new lrScheduler.WarmupCosineLR(o, { warmupEpochs: 3, totalEpochs: 9 }),
  SequentialLR: (o) =>
    new lrScheduler.SequentialLR(o, {
      schedulers: [new lrScheduler.LinearLR(o), new lrScheduler.ExponentialLR(o, { gamma: 0.5 })],
      milestones: [5],
    }),
  ReduceLROnPlateau: (o) => new lrScheduler.ReduceLROnPlateau(o, { patience: 1, cooldown: 1 }),
};

function scheduled(kind: string): { optimizer: optim.SGD; schedule: Schedule } {
  const [w, b] = parameters() as [Tensor, Tensor];
  const optimizer = new optim.SGD([{ params: [w] }, { params: [b], lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
  return { optimizer, schedule: SCHEDULES[kind]!(optimizer) as Schedule };
}

describe.each(Object.keys(SCHEDULES))('the state of %s', (kind) => {
  it.each([0, 4])('continues with the same bits after JSON, %i steps later', (before) => {
    const one = scheduled(kind);
    const two = scheduled(kind);
    for (let i = 0; i < before; i++) advance(one.schedule, 1);
    two.optimizer.loadStateDict(json(one.optimizer.stateDict()));
    two.schedule.loadStateDict(json(one.schedule.stateDict()));
    const rates = ({ optimizer }: typeof one) => optimizer.paramGroups.map(({ lr, momentum }) => [lr, momentum]);
    for (let i = 0; i < 5; i++) {
      expect(rates(two)).toEqual(rates(one));
      advance(one.schedule, 1);
      advance(two.schedule, 1);
    }
    expect(json(two.schedule.stateDict())).toEqual(json(one.schedule.stateDict()));
  });

  it('is refused by name if it is damaged, and by all other classes', () => {
    const { schedule, optimizer } = scheduled(kind);
    for (let i = 0; i < 3; i++) advance(schedule, 1);
    const state = json(schedule.stateDict());
    const rates = optimizer.paramGroups.map(({ lr }) => lr);
    const refused: [unknown, RegExp][] = [
      [{}, /missing \[/],
      [null, /got null/],
      [{ ...state, kind: 'ConstantLR' }, /the state is of ConstantLR/],
      [{ ...state, gamma: 1 }, /unknown \[gamma\]/],
    ];
    for (const name of Object.keys(state)) {
      if (name === 'kind') continue;
      const { [name]: _, ...rest } = state;
      refused.push([rest, new RegExp(`missing \\[${name}\\]`)]);
      for (const wrong of [undefined, '1', Number.NaN, [1], [1, null], {}])
        refused.push([{ ...state, [name]: wrong }, new RegExp(name)]);
    }
    for (const [damaged, message] of refused)
      expect(() => schedule.loadStateDict(damaged), JSON.stringify(damaged)).toThrow(message);
    for (const other of Object.keys(SCHEDULES))
      if (other !== kind) expect(() => scheduled(other).schedule.loadStateDict(state)).toThrow(/the state is of/);
    expect(json(schedule.stateDict())).toEqual(state);
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual(rates);
  });
});

it('a schedule never gives an optimizer a rate that it refuses', () => {
  for (let totalIters = 1; totalIters < 60; totalIters++) {
    for (const startFactor of [1, 1 / 3, 0.1, 0.7, 1e-3]) {
      const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })], { lr: 0.1 });
      const schedule = new lrScheduler.LinearLR(optimizer, { startFactor, endFactor: 0, totalIters });
      for (let i = 0; i < totalIters; i++) schedule.step();
      expect(optimizer.paramGroups[0]!.lr).toBeGreaterThanOrEqual(0);
    }
  }
});

it('a step past the end of OneCycleLR is refused', () => {
  const { schedule } = scheduled('OneCycleLR');
  expect(() => schedule.loadStateDict({ ...schedule.stateDict(), lastEpoch: 20 })).toThrow(/there are 20 steps/);
});
