/**
 * All public names, and the call forms that people coming from PyTorch expect: none may be renamed or lost.
 */
import { describe, expect, it } from 'vitest';
import * as kernels from '../bindings/kernels/index.ts';
import * as saraf from '../src/index.ts';
import { publicNames } from './support/publicNames.ts';

const { data, F, metrics, nn, optim, tensor } = saraf;

describe('public names', () => {
  it.each(Object.entries(publicNames))('include all %s', (_, [place, list]) => {
    expect(list.filter((name) => !(name in place))).toEqual([]);
  });

  it('exports namespaces under both names', () => {
    expect(saraf.F).toBe(saraf.functional);
    expect(
      new Set(['nn', 'functional', 'optim', 'data', 'metrics', 'models', 'plot'].map((name) => name in saraf)),
    ).toEqual(new Set([true]));
  });

  it('gives a tensor its properties', () => {
    const t = tensor([[1, 2, 3]], { requiresGrad: true });
    expect([t.shape, t.dtype, t.device, t.ndim, t.numel, t.requiresGrad, t.grad, t.T.shape]).toEqual([
      [1, 3],
      'float32',
      'wasm',
      2,
      3,
      true,
      null,
      [3, 1],
    ]);
  });
});

/** Shapes of tensors given in a list or in a tuple. */
const shapesOf = (...tensors: saraf.Tensor[]) => tensors.map((t) => t.shape);

describe('call forms', () => {
  const image = () => saraf.randn(2, 3, 6, 6);
  const vectors = () =>
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);

  it('makes tensors', () => {
    expect(
      shapesOf(
        saraf.zeros([2, 3]),
        saraf.zeros(2, 3),
        saraf.ones(2, 3, { dtype: 'int32' }),
        saraf.rand([2], { requiresGrad: true }),
        saraf.full([2, 1], 7),
        saraf.eye(3),
        saraf.randint(0, 4, [5]),
        saraf.randperm(4),
        tensor(new Float32Array(6), { shape: [2, 3] }),
      ),
    ).toEqual([[2, 3], [2, 3], [2, 3], [2], [2, 1], [3, 3], [5], [4], [2, 3]]);
    expect(saraf.arange(1, 7, 2).toArray()).toEqual([1, 3, 5]);
    expect(saraf.arange(3).toArray()).toEqual([0, 1, 2]);
    expect(saraf.linspace(0, 1, 3).toArray()).toEqual([0, 0.5, 1]);
    expect(tensor([2, 0], { dtype: 'int32' }).dtype).toBe('int32');
  });

  it('takes shapes as an array or spread', () => {
    const x = vectors();
    expect(shapesOf(x.reshape(3, 2), x.reshape([3, 2]), x.view(6), x.view([-1]), saraf.view(x, [6]))).toEqual([
      [3, 2],
      [3, 2],
      [6],
      [6],
      [6],
    ]);
    expect(shapesOf(x.permute(1, 0), x.permute([1, 0]), x.expand(2, 2, 3), x.repeat(2, 1), x.repeat([1, 2]))).toEqual([
      [3, 2],
      [3, 2],
      [2, 2, 3],
      [4, 3],
      [2, 6],
    ]);
  });

  it('joins, splits and selects', () => {
    const x = vectors();
    expect(shapesOf(saraf.cat([x, x], 1), saraf.stack([x, x], 0))).toEqual([
      [2, 6],
      [2, 2, 3],
    ]);
    expect(shapesOf(...x.split(2, 1), ...x.split([1, 2], 1), ...x.chunk(2, 0))).toEqual([
      [2, 2],
      [2, 1],
      [2, 1],
      [2, 2],
      [1, 3],
      [1, 3],
    ]);
    expect(saraf.where(x.gt(2), x, 0).toArray()).toEqual([
      [0, 0, 3],
      [4, 5, 6],
    ]);
    expect(x.clamp(2, 4).toArray()).toEqual([
      [2, 2, 3],
      [4, 4, 4],
    ]);
    expect(x.tril(0).toArray()).toEqual([
      [1, 0, 0],
      [4, 5, 0],
    ]);
    expect(x.slice(1, 0, 3, 2).toArray()).toEqual([
      [1, 3],
      [4, 6],
    ]);
    expect(x.pad([1, 0, 0, 1], { value: 9 }).toArray()).toEqual([
      [9, 1, 2, 3],
      [9, 4, 5, 6],
      [9, 9, 9, 9],
    ]);
    expect(x.topk(1, 1, { largest: false }).values.toArray()).toEqual([[1], [4]]);
    expect(x.sort(1, { descending: true }).indices.toArray()).toEqual([
      [2, 1, 0],
      [2, 1, 0],
    ]);
  });

  it('reduces', () => {
    const x = vectors();
    expect(x.sum().item()).toBe(21);
    expect(shapesOf(x.mean(0), x.mean([0, 1]), x.sum(1, { keepdim: true }))).toEqual([[3], [], [2, 1]]);
    const { values, indices } = x.max(1);
    expect([values.toArray(), indices.toArray()]).toEqual([
      [3, 6],
      [2, 2],
    ]);
    expect(x.variance(1, { correction: 0, keepdim: true }).shape).toEqual([2, 1]);
    expect(x.std(1, { correction: 0 }).shape).toEqual([2]);
    expect(x.norm(1, { p: 1 }).toArray()).toEqual([6, 15]);
  });

  it('makes layers from required arguments and one options object', () => {
    const pool = new nn.MaxPool2d(2, { stride: 1, padding: 1, dilation: 1, ceilMode: false });
    const norm = new nn.BatchNorm2d(3, { eps: 1e-5, momentum: 0.1, affine: true });
    const conv = new nn.Conv2d(3, 4, 3, { stride: 1, padding: 'same', dilation: 1, groups: 1, bias: false });
    const up = new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true });
    const x = image();
    expect(
      shapesOf(
        pool.forward(x),
        norm.forward(x),
        conv.forward(x),
        up.forward(x),
        new nn.Upsample({ size: [3, 3] }).forward(x),
        new nn.Unflatten(1, [1, 3]).forward(x),
        new nn.Sequential(new nn.Flatten(), new nn.Linear(108, 2), new nn.Softmax({ dim: 1 })).forward(x),
        new nn.Conv2d(3, 4, [3, 1], { padding: [1, 0] }).forward(x),
      ),
    ).toEqual([
      [2, 3, 7, 7],
      [2, 3, 6, 6],
      [2, 4, 6, 6],
      [2, 3, 12, 12],
      [2, 3, 3, 3],
      [2, 1, 3, 6, 6],
      [2, 2],
      [2, 4, 6, 6],
    ]);
  });

  it('names the entries of a state_dict as PyTorch does', () => {
    const lstm = new nn.LSTM(2, 3, { numLayers: 1, bidirectional: true });
    expect(Object.keys(lstm.stateDict())).toEqual([
      'weight_ih_l0',
      'weight_hh_l0',
      'bias_ih_l0',
      'bias_hh_l0',
      'weight_ih_l0_reverse',
      'weight_hh_l0_reverse',
      'bias_ih_l0_reverse',
      'bias_hh_l0_reverse',
    ]);
    const norm = new nn.BatchNorm1d(2);
    expect(Object.keys(norm.stateDict()).sort()).toEqual(
      ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].sort(),
    );
    expect([...norm.namedParameters()].map(([name]) => name)).toEqual(['weight', 'bias']);
    norm.loadStateDict(saraf.loadSafetensors(saraf.saveSafetensors(norm.stateDict())));
  });

  it('runs sequences', () => {
    const x = saraf.randn(4, 2, 3);
    const rnn = new nn.RNN(3, 5, { nonlinearity: 'relu' });
    const [out, h] = rnn.forward(x, saraf.zeros(1, 2, 5), { lengths: [4, 2] });
    const [states, [hn, cn]] = new nn.LSTM(3, 5, { numLayers: 2 }).forward(x);
    new nn.LSTM(3, 5).forward(x, [saraf.zeros(1, 2, 5), saraf.zeros(1, 2, 5)], { lengths: [4, 2] });
    const [h1, c1] = new nn.LSTMCell(3, 5).forward(saraf.randn(2, 3), [saraf.zeros(2, 5), saraf.zeros(2, 5)]);
    expect(shapesOf(out, h, states, hn, cn, h1, c1)).toEqual([
      [4, 2, 5],
      [1, 2, 5],
      [4, 2, 5],
      [2, 2, 5],
      [2, 2, 5],
      [2, 5],
      [2, 5],
    ]);
  });

  it('has functions that take one options object', () => {
    const logits = saraf.randn(4, 3);
    const classes = tensor([0, 2, 1, 1], { dtype: 'int32' });
    expect(F.softmax(logits, { dim: 0 }).sum(0).toArray()).toEqual([1, 1, 1].map((one) => expect.closeTo(one, 5)));
    expect(
      shapesOf(
        F.crossEntropy(logits, classes, { weight: tensor([1, 2, 1]), labelSmoothing: 0.1, ignoreIndex: 0 }),
        F.binaryCrossEntropyWithLogits(logits, saraf.zeros(4, 3), { posWeight: tensor([1, 2, 3]), reduction: 'none' }),
        F.klDiv(F.logSoftmax(logits), F.softmax(logits), { reduction: 'batchmean' }),
        F.nllLoss(F.logSoftmax(logits), classes),
        F.leakyRelu(logits, { negativeSlope: 0.1 }),
        new nn.FocalLoss({ gamma: 2, reduction: 'none' }).forward(logits, classes),
        F.bilinear(logits, logits, saraf.randn(2, 3, 3)),
      ),
    ).toEqual([[], [4, 3], [], [], [4, 3], [4], [4, 2]]);
  });

  it('trains with optimizers and schedules', () => {
    const model = new nn.Linear(3, 1);
    const options: Record<string, object> = {
      SGD: { lr: 0.1, momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0.1 },
      Adam: { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, amsgrad: true },
      AdamW: { lr: 0.1, weightDecay: 0.1 },
      NAdam: { lr: 0.1, momentumDecay: 0.004 },
      RMSprop: { lr: 0.1, alpha: 0.9, centered: true, momentum: 0.5 },
      Adagrad: { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.1 },
      Adadelta: { lr: 1, rho: 0.8 },
    };
    for (const [name, given] of Object.entries(options)) {
      const Kind = optim[name as 'SGD'];
      const optimizer = new Kind(
        [{ params: [model.weight], lr: 0.5 }, { params: [model.bias!] }],
        given as { lr: number },
      );
      const loss = optimizer.step(() => {
        optimizer.zeroGrad();
        const value = model.forward(vectors()).square().mean();
        value.backward();
        return value;
      });
      expect(loss!.item(), name).toBeGreaterThanOrEqual(0);
      expect(
        optimizer.paramGroups.map(({ lr }) => lr),
        name,
      ).toEqual([0.5, (given as { lr: number }).lr]);
    }
    const sgd = new optim.SGD(model.parameters(), { lr: 1 });
    const { StepLR, WarmupCosineLR, ReduceLROnPlateau } = optim.lrScheduler;
    const step = new StepLR(sgd, { stepSize: 1, gamma: 0.5 });
    step.step();
    expect(sgd.paramGroups[0]!.lr).toBe(0.5);
    expect(new WarmupCosineLR(sgd, { warmupEpochs: 1, totalEpochs: 3 }).step).toBeTypeOf('function');
    new ReduceLROnPlateau(sgd, { patience: 0 }).step(1);
    const size = () => [...model.parameters()].reduce((sum, { grad }) => sum + grad!.abs().sum().item(), 0);
    const before = size();
    const largest = before / 2;
    expect(nn.utils.clipGradNorm_(model.parameters(), largest, { normType: 1 }).item() / before).toBeCloseTo(1, 5);
    expect(size() / largest).toBeCloseTo(1, 5);
  });

  it('measures as scikit-learn does', () => {
    const [truth, score] = [
      [0, 1, 1, 0],
      [0.1, 0.8, 0.4, 0.3],
    ];
    const predicted = score.map((s) => Number(s > 0.35));
    expect(Object.keys(metrics.rocCurve(truth, score)).sort()).toEqual(['fpr', 'thresholds', 'tpr']);
    expect(Object.keys(metrics.prCurve(truth, score)).sort()).toEqual(['precision', 'recall', 'thresholds']);
    expect(metrics.precision(truth, predicted, { average: 'macro', zeroDivision: 0 })).toBe(1);
    expect(metrics.recall(truth, predicted, { posLabel: 0 })).toBe(1);
    expect(metrics.classificationReport(truth, predicted, { outputDict: true })).toBeTypeOf('object');
    const scaler = new data.StandardScaler();
    const x = vectors();
    expect(scaler.inverseTransform(scaler.fitTransform(x)).shape).toEqual([2, 3]);
    expect(() => new data.OneHotEncoder().fit([['a'], ['b']]).transform([['c']])).toThrow(saraf.SarafError);
    expect(new data.OneHotEncoder({ handleUnknown: 'ignore' }).fit([['a'], ['b']]).transform([['c']])).toEqual([
      [0, 0],
    ]);
    expect(new saraf.Perceptron({ lr: 0.1, epochs: 3 }).fit).toBeTypeOf('function');
  });

  it('builds graphs', () => {
    const g = new nn.Graph();
    const x = g.input([3]);
    const h = g.apply(new nn.Linear(3, 4), x);
    const y = g.concat([g.add(h, h), h]);
    const model = g.model({ inputs: [x], outputs: [y] });
    expect(model.forward(vectors())).toMatchObject({ shape: [2, 8] });
  });

  it('runs kernels on arrays', () => {
    const [a, b, c] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 0, 0, 1), new Float32Array(4)];
    kernels.gemm({ m: 2, n: 2, k: 2, a, b, c, alpha: 2, bias: Float32Array.of(1, 0), activation: 'relu' });
    expect([...c]).toEqual([3, 4, 7, 8]);
    const y = kernels.alloc(4);
    kernels.add({ a, b, y });
    expect([...y]).toEqual([2, 2, 3, 5]);
    kernels.softmax({ x: a, y, rows: 2, cols: 2 });
    expect(kernels.sum({ x: y })).toBeCloseTo(2);
    expect(kernels.dot({ x: a, y: b })).toBe(5);
    kernels.free(y);
  });
});
