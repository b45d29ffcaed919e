/** Every layer of nn, every optimizer and every schedule, saved and loaded: the same outputs, the same training, the same rates. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  F,
  loadModel,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  randn,
  saveModel,
  scope,
  Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { advance } from '../support/schedules.ts';

type Sample = [make: () => nn.Module, ...inputs: number[][]];

const same = (make: () => nn.Module): Sample => [make, [2, 3]];
const image = (make: () => nn.Module): Sample => [make, [2, 4, 6, 6]];
const line = (make: () => nn.Module): Sample => [make, [2, 4, 7]];

/** For each class, layers with various options, and the shapes of their inputs. */
const samples: Record<string, Sample[]> = {
  ReLU: [same(() => new nn.ReLU())],
  Sigmoid: [same(() => new nn.Sigmoid())],
  Tanh: [same(() => new nn.Tanh())],
  Softmax: [same(() => new nn.Softmax({ dim: 0 }))],
  LogSoftmax: [same(() => new nn.LogSoftmax({ dim: 0 }))],
  Identity: [same(() => new nn.Identity())],
  BinaryStep: [same(() => new nn.BinaryStep())],
  ArcTan: [same(() => new nn.ArcTan())],
  ReLU6: [same(() => new nn.ReLU6())],
  SELU: [same(() => new nn.SELU())],
  SiLU: [same(() => new nn.SiLU())],
  Mish: [same(() => new nn.Mish())],
  Softsign: [same(() => new nn.Softsign())],
  Hardsigmoid: [same(() => new nn.Hardsigmoid())],
  Hardswish: [same(() => new nn.Hardswish())],
  LeakyReLU: [same(() => new nn.LeakyReLU({ negativeSlope: 0.3 }))],
  ELU: [same(() => new nn.ELU({ alpha: 2 }))],
  CELU: [same(() => new nn.CELU({ alpha: 2 }))],
  GELU: [same(() => new nn.GELU({ approximate: 'tanh' })), same(() => new nn.GELU())],
  Softplus: [same(() => new nn.Softplus({ beta: 3, threshold: 1 }))],
  Hardtanh: [same(() => new nn.Hardtanh({ minVal: -0.2, maxVal: 0.4 }))],
  PReLU: [same(() => new nn.PReLU({ numParameters: 3, init: 0.4 })), same(() => new nn.PReLU())],
  MultiheadAttention: [
    [() => new nn.MultiheadAttention(6, 3), [5, 2, 6], [4, 2, 6], [4, 2, 6]],
    [
      () => new nn.MultiheadAttention(6, 2, { dropout: 0.2, bias: false, kdim: 3, vdim: 5, batchFirst: true }),
      [2, 5, 6],
      [2, 4, 3],
      [2, 4, 5],
    ],
  ],
  TransformerEncoderLayer: [
    [() => new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 7 }), [5, 2, 6]],
    [
      () =>
        new nn.TransformerEncoderLayer(6, 3, {
          dimFeedforward: 5,
          dropout: 0.3,
          activation: 'gelu',
          layerNormEps: 0.1,
          normFirst: true,
          batchFirst: true,
        }),
      [5, 2, 6],
    ],
  ],
  Bilinear: [[() => new nn.Bilinear(3, 2, 4, { bias: false }), [5, 3], [5, 2]]],
  ModuleList: [[() => new nn.ModuleList([new nn.Linear(2, 3), new nn.ReLU()])]],
  ModuleDict: [[() => new nn.ModuleDict({ price: new nn.Linear(2, 3), kind: new nn.Tanh() })]],
  Conv1d: [line(() => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }))],
  Conv2d: [
    image(() => new nn.Conv2d(4, 2, [3, 2], { dilation: 2, padding: [1, 0], bias: false })),
    image(() => new nn.Conv2d(4, 4, 3, { padding: 'same' })),
  ],
  ConvTranspose2d: [image(() => new nn.ConvTranspose2d(4, 2, 3, { stride: 2, outputPadding: 1 }))],
  Embedding: [[() => new nn.Embedding(5, 3, { paddingIdx: 1, maxNorm: 0.5, normType: 1 })]],
  Linear: [same(() => new nn.Linear(3, 4)), same(() => new nn.Linear(3, 4, { bias: false }))],
  Dropout: [same(() => new nn.Dropout(0.3))],
  Dropout2d: [image(() => new nn.Dropout2d(0.3))],
  Flatten: [image(() => new nn.Flatten(2))],
  Unflatten: [image(() => new nn.Unflatten(1, [2, 2]))],
  Sequential: [same(() => new nn.Sequential(new nn.Linear(3, 2), new nn.Sequential(new nn.Tanh())))],
  BatchNorm1d: [same(() => new nn.BatchNorm1d(3, { eps: 0.1, momentum: null }))],
  BatchNorm2d: [image(() => new nn.BatchNorm2d(4, { affine: false })), image(() => new nn.BatchNorm2d(4))],
  InstanceNorm2d: [image(() => new nn.InstanceNorm2d(4, { affine: true, trackRunningStats: true }))],
  LayerNorm: [
    same(() => new nn.LayerNorm(3, { eps: 0.1, bias: false })),
    same(() => new nn.LayerNorm([2, 3], { elementwiseAffine: false })),
  ],
  RMSNorm: [same(() => new nn.RMSNorm(3)), same(() => new nn.RMSNorm([2, 3], { eps: 0.1, elementwiseAffine: false }))],
  GroupNorm: [image(() => new nn.GroupNorm(2, 4, { eps: 0.1, affine: false }))],
  MaxPool1d: [line(() => new nn.MaxPool1d(3, { stride: 2, padding: 1 }))],
  MaxPool2d: [image(() => new nn.MaxPool2d([3, 2], { ceilMode: true }))],
  AvgPool1d: [line(() => new nn.AvgPool1d(2))],
  AvgPool2d: [image(() => new nn.AvgPool2d(3, { padding: 1, countIncludePad: false }))],
  AdaptiveAvgPool1d: [line(() => new nn.AdaptiveAvgPool1d(3))],
  AdaptiveAvgPool2d: [image(() => new nn.AdaptiveAvgPool2d([2, null]))],
  AdaptiveMaxPool2d: [image(() => new nn.AdaptiveMaxPool2d(2))],
  RBM: [same(() => new nn.RBM(3, 4))],
  RNN: [[() => new nn.RNN(3, 4, { nonlinearity: 'relu', numLayers: 2 }), [5, 2, 3]]],
  LSTM: [[() => new nn.LSTM(3, 4, { bidirectional: true, bias: false, batchFirst: true }), [5, 2, 3]]],
  GRU: [[() => new nn.GRU(3, 4, { numLayers: 2, dropout: 0.5 }), [5, 2, 3]]],
  RNNCell: [[() => new nn.RNNCell(3, 4, { nonlinearity: 'relu' }), [2, 3]]],
  LSTMCell: [[() => new nn.LSTMCell(3, 4, { bias: false }), [2, 3]]],
  GRUCell: [[() => new nn.GRUCell(3, 4), [2, 3]]],
  Upsample: [
    image(() => new nn.Upsample({ scaleFactor: 2 })),
    image(() => new nn.Upsample({ size: [5, 9], mode: 'bilinear', alignCorners: true })),
  ],
  GraphModel: [[drawn, [2, 3], [2, 4]]],
};

/** Two inputs, a shared layer, a sum, a concatenation and two outputs. */
function drawn(): nn.GraphModel {
  const g = new nn.Graph();
  const [a, b] = [g.input([3]), g.input(null)];
  const shared = new nn.Linear(3, 3);
  const [c, d] = [g.apply(shared, a), g.apply(new nn.Linear(4, 3), b)];
  const e = g.add(c, g.apply(shared, d), a);
  const f = g.concat([e, b], -1);
  return g.model({ inputs: [a, b], outputs: [f, g.apply(new nn.Tanh(), e)] });
}

/** All numbers in the output of a module, with the same random numbers each time. */
function outputs(module: nn.Module, inputs: readonly Tensor[]): number[] {
  return scope(() =>
    noGrad(() => {
      manualSeed(5);
      const flat = (value: unknown): number[] =>
        value instanceof Tensor ? [...value.dataSync()] : value === null ? [] : (value as unknown[]).flatMap(flat);
      return flat((module.forward as (...given: readonly Tensor[]) => unknown).call(module, ...inputs));
    }),
  );
}

describe('layers in files', () => {
  const isLayer = ([name, value]: [string, unknown]) =>
    typeof value === 'function' && value.prototype instanceof nn.Module && !name.endsWith('Loss');

  it('include all classes of nn', () => {
    const layers = Object.entries(nn).filter(isLayer);
    expect(layers.length).toBeGreaterThan(50);
    expect(layers.map(([name]) => name).filter((name) => !(name in samples))).toEqual([]);
  });

  it.each(Object.entries(samples).flatMap(([name, list]) => list.map((sample, i) => [name, i, sample] as const)))(
    '%s, sample %i',
    (name, _, [make, ...shapes]) => {
      manualSeed(2);
      const before = memory().tensors;
      const module = make();
      for (const parameter of module.parameters()) nn.init.normal_(parameter);
      const inputs =
        name === 'Embedding' ? [tensor([[1, 4]], { dtype: 'int32' })] : shapes.map((shape) => randn(shape));
      const { model } = loadModel(saveModel(module));
      expect(model.constructor).toBe(module.constructor);
      expect(String(model)).toBe(String(module));
      const listed = name === 'ModuleList' || name === 'ModuleDict';
      if (!listed) {
        const expected = outputs(module, inputs);
        expect(expected.length).toBeGreaterThan(0);
        expect(outputs(model, inputs)).toEqual(expected);
        expect(outputs(model.eval(), inputs)).toEqual(outputs(module.eval(), inputs));
      }
      const values = (m: nn.Module) => Object.entries(m.stateDict()).map(([key, t]) => [key, t.shape, ...t.dataSync()]);
      expect(values(model)).toEqual(values(module));
      for (const part of [module, model, ...inputs]) part.dispose();
      expect(memory().tensors).toBe(before);
    },
  );

  /** All plain fields of all modules inside; tensors are given by their shapes. */
  function fieldsOf(module: nn.Module): unknown {
    const plain = (value: unknown, seen: unknown[]): unknown => {
      if (value instanceof Tensor) return [value.constructor.name, value.shape, value.dtype];
      if (value instanceof nn.Module) return value.constructor.name;
      if (typeof value === 'function') return value.name;
      if (typeof value !== 'object' || value === null || seen.includes(value)) return value;
      return Object.entries(value).map(([name, part]) => [name, plain(part, [...seen, value])]);
    };
    return Array.from(module.namedModules(), ([name, part]) => [
      name,
      // The values of a graph are renumbered.
      part instanceof nn.GraphModel ? 'graph' : Object.entries(part).map(([field, value]) => [field, plain(value, [])]),
    ]);
  }

  it.each(Object.entries(samples).flatMap(([name, list]) => list.map((sample, i) => [name, i, sample] as const)))(
    '%s, sample %i, has the same modes, fields and next training step',
    (name, sample, [make, ...shapes]) => {
      for (let round = 0; round < 4; round++) {
        const seed = 1 + round + 10 * sample;
        manualSeed(seed);
        const before = memory().tensors;
        const module = make();
        const draws = scope(() => randn(200).toArray()) as number[];
        for (const part of module.modules()) part.training = draws.pop()! > 0;
        for (const parameter of module.parameters()) {
          nn.init.normal_(parameter);
          parameter.requiresGrad = draws.pop()! > 0;
        }
        const inputs =
          name === 'Embedding' ? [tensor([[1, 4]], { dtype: 'int32' })] : shapes.map((shape) => randn(shape));
        const { model } = loadModel(saveModel(module));
        const modes = (m: nn.Module) => [
          Array.from(m.namedModules(), ([key, { training }]) => [key, training]),
          Array.from(m.namedParameters(), ([key, { requiresGrad }]) => [key, requiresGrad]),
        ];
        expect(modes(model), `seed ${seed}`).toEqual(modes(module));
        expect(fieldsOf(model)).toEqual(fieldsOf(module));
        if (name !== 'ModuleList' && name !== 'ModuleDict') {
          expect(outputs(model, inputs)).toEqual(outputs(module, inputs));
          for (const each of [module, model]) train(each, inputs);
        }
        const values = (m: nn.Module) => Object.entries(m.stateDict()).map(([key, t]) => [key, ...t.dataSync()]);
        expect(values(model)).toEqual(values(module));
        for (const part of [module, model, ...inputs]) part.dispose();
        expect(memory().tensors).toBe(before);
      }
    },
  );

  /** Steps all parameters that learn. */
  function train(module: nn.Module, inputs: readonly Tensor[]): void {
    scope(() => {
      manualSeed(6);
      const flat = (value: unknown): Tensor[] =>
        value instanceof Tensor ? [value] : value === null ? [] : (value as unknown[]).flatMap(flat);
      const given = flat((module.forward as (...given: readonly Tensor[]) => unknown).call(module, ...inputs));
      const loss = given.map((output) => output.square().sum()).reduce((a, b) => a.add(b));
      if (!loss.requiresGrad) return;
      loss.backward();
      const optimizer = new optim.SGD(module.parameters(), { lr: 0.1 });
      optimizer.step();
      module.zeroGrad();
      optimizer.dispose();
    });
  }

  it('do not include graphs with functions', () => {
    const g = new nn.Graph();
    const x = g.input([3]);
    const model = g.model({ inputs: [x], outputs: [g.apply((t) => t.relu(), x)] });
    expect(() => saveModel(model)).toThrow(ArgumentError);
    expect(() => saveModel(model)).toThrow('a function in a graph cannot be saved; make it a module');
  });
});

type AnyOptimizer = Parameters<typeof saveModel>[1] extends infer O
  ? NonNullable<NonNullable<O>['optimizer' & keyof NonNullable<O>]>
  : never;

describe('optimizers in files', () => {
  const optimizers: Record<string, object> = {
    SGD: { lr: 0.05, momentum: 0.9 },
    Adam: { lr: 0.05, amsgrad: true },
    AdamW: { lr: 0.05 },
    NAdam: { lr: 0.05 },
    RMSprop: { centered: true, momentum: 0.5 },
    Adagrad: { lr: 0.05 },
    Adadelta: {},
    LBFGS: { maxIter: 3, historySize: 4, lineSearchFn: 'strong_wolfe' },
  };

  it('include all classes of optim', () => {
    const kinds = Object.entries(optim).filter(
      ([name, value]) =>
        typeof value === 'function' && value.prototype instanceof optim.Optimizer && name !== 'Optimizer',
    );
    expect(kinds.map(([name]) => name).sort()).toEqual(Object.keys(optimizers).sort());
  });

  it.each(Object.entries(optimizers))('continue training with the same bits: %s', (kind, options) => {
    manualSeed(7);
    const net = new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 2));
    const make = optim[kind as 'LBFGS'] as new (params: nn.Parameter[], options: object) => optim.LBFGS;
    const [x, y] = [randn(8, 3), randn(8, 2)];
    const step = (model: nn.Module, optimizer: optim.LBFGS) =>
      scope(() =>
        optimizer
          .step(() => {
            optimizer.zeroGrad();
            const loss = F.mseLoss((model as nn.Sequential).forward(x), y);
            loss.backward();
            return loss;
          })
          .item(),
      );
    const first = new make(net.parameters(), options);
    for (let i = 0; i < 4; i++) step(net, first);
    const saved = loadModel(saveModel(net, { optimizer: first as unknown as AnyOptimizer }));
    expect(saved.optimizer!.constructor).toBe(first.constructor);
    for (let i = 0; i < 4; i++)
      expect(step(saved.model, saved.optimizer as unknown as optim.LBFGS)).toBe(step(net, first));
    for (const part of [net, first, x, y, saved.model, saved.optimizer!]) part.dispose();
  });
});

describe('schedules in files', () => {
  const S = optim.lrScheduler;
  interface Schedule {
    step(metric: number): void;
    stateDict(): Record<string, unknown>;
    loadStateDict(state: Record<string, unknown>): void;
  }
  const schedules: Record<string, (o: optim.SGD) => object> = {
    StepLR: (o) => new S.StepLR(o, { stepSize: 2, gamma: 0.5 }),
    MultiStepLR: (o) => new S.MultiStepLR(o, { milestones: [2, 5], gamma: 0.3 }),
    ExponentialLR: (o) => new S.ExponentialLR(o, { gamma: 0.8 }),
    CosineAnnealingLR: (o) => new S.CosineAnnealingLR(o, { tMax: 4, etaMin: 0.01 }),
    CosineAnnealingWarmRestarts: (o) => new S.CosineAnnealingWarmRestarts(o, { t0: 3, tMult: 2 }),
    LinearLR: (o) => new S.LinearLR(o, { totalIters: 7 }),
    LambdaLR: (o) => new S.LambdaLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) }),
    OneCycleLR: (o) => new S.OneCycleLR(o, { maxLr: 0.5, totalSteps: 12 }),
    WarmupCosineLR: (o) => new S.WarmupCosineLR(o, { warmupEpochs: 3, totalEpochs: 9 }),
    ReduceLROnPlateau: (o) => new S.ReduceLROnPlateau(o, { patience: 1, factor: 0.5 }),
    SequentialLR: (o) =>
      new S.SequentialLR(o, {
        schedulers: [new S.LinearLR(o, { totalIters: 2 }), new S.StepLR(o, { stepSize: 2 })],
        milestones: [3],
      }),
  };

  it('include all classes of lrScheduler', () => {
    const kinds = Object.keys(S).filter((name) => /^[A-Z]/.test(name) && name !== 'LRScheduler');
    expect(kinds.sort()).toEqual(Object.keys(schedules).sort());
  });

  it.each(Object.entries(schedules))('%s continues from where it was', (_, make) => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const schedule = make(optimizer) as Schedule;
    for (let i = 0; i < 4; i++) advance(schedule, 1);
    const saved = loadModel(saveModel(model, { optimizer, scheduler: schedule }));
    const again = saved.optimizer as unknown as optim.SGD;
    const next = make(again) as Schedule;
    next.loadStateDict(saved.scheduler!);
    for (let i = 0; i < 6; i++) {
      expect(again.paramGroups.map(({ lr, momentum }) => [lr, momentum])).toEqual(
        optimizer.paramGroups.map(({ lr, momentum }) => [lr, momentum]),
      );
      for (const each of [schedule, next]) advance(each, 1);
    }
    for (const part of [model, optimizer, saved.model, again]) part.dispose();
  });
});

describe('losses by name', () => {
  const perhaps = (name: string) =>
    `${name.replace(/^[A-Z]+(?=[A-Z][a-z]|$|\d)|^[A-Z]/, (head) => head.toLowerCase())}`;
  const names = Object.keys(nn)
    .filter((name) => name.endsWith('Loss') && name !== 'CosineEmbeddingLoss')
    .map((name): [string, string] => [name, perhaps(name.slice(0, -4))]);

  it.each(names)('%s is %s', async (kind, name) => {
    manualSeed(3);
    const isClasses = ['CrossEntropyLoss', 'NLLLoss', 'FocalLoss'].includes(kind);
    const model = new nn.Sequential(new nn.Linear(3, 2), kind === 'NLLLoss' ? new nn.LogSoftmax() : new nn.Sigmoid());
    const x = randn(6, 3);
    const y = isClasses ? tensor([0, 1, 1, 0, 1, 0], { dtype: 'int32' }) : randn(6, 2).abs().clamp(0, 1);
    const evaluate = async (loss: string | nn.Module) => {
      const optimizer = new optim.SGD(model.parameters());
      return (await new Trainer(model, { optimizer, loss }).evaluate(x, y)).loss;
    };
    const own = new nn[kind as 'MSELoss']();
    expect(await evaluate(name)).toBe(await evaluate(own));
    expect(Number.isFinite(await evaluate(own))).toBe(true);
  });

  it.each([
    ['mae', 'l1'],
    ['meanAbsoluteError', 'l1'],
    ['meanSquaredError', 'mse'],
    ['binaryCrossentropy', 'bce'],
  ])('%s is %s', async (alias, name) => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(3, 1), new nn.Sigmoid());
    const [x, y] = [randn(6, 3), tensor([0, 1, 1, 0, 1, 0])];
    const evaluate = async (loss: string) =>
      (await new Trainer(model, { optimizer: new optim.SGD(model.parameters()), loss }).evaluate(x, y)).loss;
    expect(await evaluate(alias)).toBe(await evaluate(name));
  });
});
