/** Models for export to and import from ONNX, one for each kind of layer or operation: how to make it, and the shapes of its inputs. */
import * as saraf from '../../src/index.ts';

const { F, nn, tensor } = saraf;
type Tensor = saraf.Tensor;

/** A function as a model. */
export class Fn extends nn.Module {
  constructor(private readonly fn: (...inputs: Tensor[]) => unknown) {
    super();
  }

  override forward(...inputs: Tensor[]): unknown {
    return this.fn(...inputs);
  }
}

export interface OnnxCase {
  make(): saraf.nn.Module;
  /** null: the batch. */
  shapes: (number | null)[][];
  dtypes?: saraf.DType[];
  /** The numbers of int32 inputs are below this. Default: 2. */
  below?: number;
  /** Node types that must be in the file. */
  nodes?: string[];
  /** The largest difference, relative to 1 + |expected|. Default: 1e-5. */
  tolerance?: number;
}

const layer = (make: () => saraf.nn.Module, shape: (number | null)[], ...nodes: string[]): OnnxCase => ({
  make,
  shapes: [shape],
  nodes,
});

const fn = (run: (...inputs: Tensor[]) => unknown, shapes: (number | null)[][], ...nodes: string[]): OnnxCase => ({
  make: () => new Fn(run),
  shapes,
  nodes,
});

const ints = (run: (...inputs: Tensor[]) => unknown, shapes: (number | null)[][], ...nodes: string[]): OnnxCase => ({
  ...fn(run, shapes, ...nodes),
  dtypes: shapes.map(() => 'int32'),
});

/** The model, with running statistics that differ from 0 and 1. */
function seasoned<M extends saraf.nn.Module>(model: M, shape: number[]): M {
  saraf.noGrad(() =>
    saraf.scope(() => void (model.forward as (x: Tensor) => unknown)(saraf.randn(shape).mul(2).add(1))),
  );
  return model;
}

const elementwise: Record<string, OnnxCase> = Object.fromEntries(
  (
    [
      ['abs', (x) => x.abs(), 'Abs'],
      ['neg', (x) => x.neg(), 'Neg'],
      ['sign', (x) => x.sign(), 'Sign'],
      ['sqrt', (x) => x.abs().sqrt(), 'Sqrt'],
      ['rsqrt', (x) => x.square().add(0.5).rsqrt(), 'Reciprocal'],
      ['exp', (x) => x.exp(), 'Exp'],
      ['log', (x) => x.square().add(0.5).log(), 'Log'],
      ['log1p', (x) => x.square().log1p(), 'Log'],
      ['sin', (x) => x.sin(), 'Sin'],
      ['cos', (x) => x.cos(), 'Cos'],
      ['atan', (x) => x.atan(), 'Atan'],
      ['erf', (x) => x.erf(), 'Erf'],
      ['floor', (x) => x.floor(), 'Floor'],
      ['ceil', (x) => x.ceil(), 'Ceil'],
      ['round', (x) => x.round(), 'Round'],
      ['clamp', (x) => x.clamp(-0.5, 0.5), 'Clip'],
      ['clamp from below', (x) => x.clamp(0.25), 'Clip'],
      ['clamp from above', (x) => x.clamp(-Infinity, 0.25), 'Clip'],
      ['reciprocal', (x) => x.add(3).reciprocal(), 'Reciprocal'],
      ['numbers', (x) => saraf.sub(1, x.mul(2).add(3).div(4)), 'Sub'],
      ['powers', (x) => saraf.add(x.pow(3), saraf.pow(2, x)), 'Pow'],
      ['root', (x) => x.abs().pow(0.5), 'Sqrt'],
      ['comparisons', (x) => [x.gt(0), x.ge(0), x.lt(0), x.le(0), x.eq(0), x.ne(0)], 'GreaterOrEqual'],
      ['logic', (x) => [x.gt(0).mul(x.lt(0.5)), x.gt(0).add(x.lt(-0.5)), x.gt(0).logicalNot()], 'And', 'Or', 'Not'],
      ['where', (x) => saraf.where(x.gt(0), x.mul(2), -1), 'Where'],
      ['casts', (x) => [x.mul(3).to('int32'), x.to('bool'), x.mul(3).to('int32').to('float32')], 'Cast'],
      ['integers', (x) => x.mul(9).to('int32').mul(2).sub(3).clamp(-5, 7).abs(), 'Cast'],
      ['counting', (x) => x.gt(0).sum(1), 'ReduceSum'],
      ['hardsigmoid', (x) => F.hardsigmoid(x.mul(5)), 'HardSigmoid'],
      ['hardswish', (x) => F.hardswish(x.mul(5)), 'HardSwish'],
      ['softplus', (x) => [F.softplus(x), F.softplus(x, { beta: 2 })], 'Softplus'],
      ['gelu', (x) => [F.gelu(x), F.gelu(x, { approximate: 'tanh' })], 'Erf'],
      ['elu', (x) => [F.elu(x, { alpha: 0.7 }), F.celu(x, { alpha: 0.7 })], 'Elu', 'Celu'],
      [
        'softmax',
        (x) => [F.softmax(x), F.softmax(x, { dim: 0 }), F.logSoftmax(x, { dim: 1 })],
        'Softmax',
        'LogSoftmax',
      ],
    ] as [string, (x: Tensor) => unknown, ...string[]][]
  ).map(([name, run, ...nodes]) => [name, fn(run, [[3, 7]], ...nodes)]),
);

const activations: Record<string, OnnxCase> = Object.fromEntries(
  (
    [
      ['Identity', () => new nn.Identity()],
      ['BinaryStep', () => new nn.BinaryStep(), 'Cast'],
      ['Sigmoid', () => new nn.Sigmoid(), 'Sigmoid'],
      ['Tanh', () => new nn.Tanh(), 'Tanh'],
      ['ArcTan', () => new nn.ArcTan(), 'Atan'],
      ['ReLU', () => new nn.ReLU(), 'Relu'],
      ['ReLU6', () => new nn.ReLU6(), 'Clip'],
      ['LeakyReLU', () => new nn.LeakyReLU({ negativeSlope: 0.1 }), 'LeakyRelu'],
      ['PReLU', () => new nn.PReLU({ numParameters: 5 }), 'PRelu'],
      ['SELU', () => new nn.SELU(), 'Selu'],
      ['SiLU', () => new nn.SiLU(), 'Sigmoid'],
      ['Mish', () => new nn.Mish(), 'Softplus'],
      ['Softsign', () => new nn.Softsign(), 'Softsign'],
      ['Hardtanh', () => new nn.Hardtanh({ minVal: -0.5, maxVal: 0.5 }), 'Clip'],
    ] as [string, () => saraf.nn.Module, ...string[]][]
  ).map(([name, make, ...nodes]) => [name, layer(make, [null, 5, 4], ...nodes)]),
);

const shapes: Record<string, OnnxCase> = {
  'broadcast arithmetic': fn(
    (x, y) => [x.add(y), x.sub(y), x.mul(y), x.div(y.square().add(1)), x.maximum(y), x.minimum(y)],
    [[2, 3, 4], [4]],
    'Max',
    'Min',
  ),
  matmul: fn(
    (x, y) => [saraf.matmul(x, y), saraf.matmul(x, y.select(0, 0))],
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    'MatMul',
  ),
  vectors: fn((x, y) => [saraf.dot(x, y), saraf.outer(x, y), saraf.matmul(saraf.outer(x, y), y)], [[4], [4]], 'MatMul'),
  reshape: fn((x) => [x.reshape([6, 4]), x.flatten(1), x.unsqueeze(1).squeeze(1), x.T], [[2, 3, 4]], 'Transpose'),
  'reshape with a batch': fn(
    (x) => x.reshape([-1, 2, 2, 3]).permute(0, 3, 1, 2).flatten(2),
    [[null, 4, 3]],
    'Reshape',
    'Transpose',
  ),
  'a batch joined with another size': fn((x) => x.reshape([x.shape[0]! * 4, 3]), [[null, 4, 3]], 'Reshape'),
  'a batch twice': fn((x) => x.unsqueeze(0).expand([x.shape[0]!, x.shape[0]!, 3]), [[null, 3]], 'Expand'),
  'zeros of the batch': fn((x) => saraf.cat([saraf.zeros([x.shape[0]!, 2]), x], 1), [[null, 3]], 'Expand', 'Concat'),
  'joining and cutting': fn(
    (x, y) => [saraf.cat([x, y], 1), saraf.stack([x, x], 1), ...x.split([1, 2], 1), ...x.chunk(2, 2)],
    [
      [2, 3, 4],
      [2, 2, 4],
    ],
    'Concat',
    'Slice',
  ),
  slices: fn((x) => [x.slice(1, 1, 3), x.slice(2, 0, 4, 2), x.select(1, -1), x.flip([0, 2])], [[null, 3, 4]], 'Slice'),
  padding: fn(
    (x) => [
      x.pad([1, 2, 0, 1], { value: 3 }),
      x.pad([1, 1], { mode: 'reflect' }),
      x.pad([1, 1], { mode: 'replicate' }),
    ],
    [[2, 3, 4]],
    'Pad',
    'Gather',
  ),
  'repeat and tril': fn((x) => [x.repeat(2, 1, 3), x.tril(), x.triu(1)], [[2, 3, 4]]),
  sums: fn(
    (x) => [x.sum(), x.sum(1), x.sum([0, 2], { keepdim: true }), x.mean(-1), x.mean([0, 1]), x.prod(1)],
    [[2, 3, 4]],
    'ReduceSum',
    'ReduceMean',
    'ReduceProd',
  ),
  spread: fn((x) => [x.variance(1), x.std([0, 1], { correction: 0 }), x.norm(1), x.norm(2, { p: 1 })], [[2, 3, 4]]),
  extremes: fn(
    (x) => [x.max(), x.min(), x.max(1), x.min(2, { keepdim: true }), x.argmax(1), x.argmin(0), x.argmax()],
    [[2, 3, 4]],
    'ReduceMax',
    'ArgMax',
  ),
  'sums over the batch': fn((x) => [x.sum(0), x.mean(), x.logsumexp(1)], [[null, 3]], 'ReduceSum'),
  'running sums': fn((x) => x.cumsum(1), [[2, 5]], 'CumSum'),
  order: fn((x) => [x.topk(2, 1), x.sort(0, { descending: true })], [[4, 5]], 'TopK'),
  indexing: ints((i) => saraf.arange(6).reshape(3, 2).mul(1).indexSelect(0, i), [[4]]),
  gather: {
    ...fn(
      (x, i) => [saraf.gather(x, 1, i), x.indexSelect(0, i.select(1, 0)), saraf.scatterAdd(x, 1, i, x)],
      [
        [4, 3],
        [4, 3],
      ],
      'GatherElements',
      'ScatterElements',
    ),
    dtypes: ['float32', 'int32'],
    below: 3,
  },
  'integer reductions': ints((i) => [i.sum(1), i.max(), i.argmax(1), i.prod(0)], [[3, 4]], 'ReduceSum'),
};

const rows = (make: () => saraf.nn.Module, ...nodes: string[]) => layer(make, [null, 6, 8, 8], ...nodes);
const line = (make: () => saraf.nn.Module, ...nodes: string[]) => layer(make, [null, 6, 9], ...nodes);
const options = { stride: 2, padding: 1 } as const;

const layers: Record<string, OnnxCase> = {
  Linear: layer(() => new nn.Linear(6, 5), [null, 6], 'Gemm'),
  'Linear without bias': layer(() => new nn.Linear(6, 5, { bias: false }), [null, 6], 'Gemm'),
  'Linear on sequences': layer(() => new nn.Linear(6, 5), [null, 4, 6], 'MatMul', 'Add'),
  'Linear on a vector': layer(() => new nn.Linear(6, 5), [6], 'MatMul'),
  Conv1d: line(() => new nn.Conv1d(6, 4, 3, { padding: 'same', dilation: 2 }), 'Conv'),
  Conv2d: rows(() => new nn.Conv2d(6, 4, 3, { ...options, dilation: 2 }), 'Conv'),
  'Conv2d same': rows(() => new nn.Conv2d(6, 4, [2, 3], { padding: 'same', groups: 2, bias: false }), 'Conv'),
  ConvTranspose2d: rows(
    () => new nn.ConvTranspose2d(6, 4, 3, { ...options, outputPadding: 1, groups: 2 }),
    'ConvTranspose',
  ),
  MaxPool1d: line(() => new nn.MaxPool1d(3, options), 'MaxPool'),
  MaxPool2d: rows(() => new nn.MaxPool2d(3, options), 'MaxPool'),
  'MaxPool2d rounded up': rows(() => new nn.MaxPool2d(3, { stride: 2, ceilMode: true }), 'MaxPool'),
  'MaxPool2d dilated': rows(() => new nn.MaxPool2d(2, { stride: 1, dilation: 3 }), 'MaxPool'),
  AvgPool1d: line(() => new nn.AvgPool1d(2), 'AveragePool'),
  AvgPool2d: rows(() => new nn.AvgPool2d(3, options), 'AveragePool'),
  'AvgPool2d without padding': rows(() => new nn.AvgPool2d(3, { ...options, countIncludePad: false }), 'AveragePool'),
  'AvgPool2d rounded up': rows(() => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true }), 'AveragePool'),
  'AvgPool2d rounded up, without padding': rows(
    () => new nn.AvgPool2d(3, { stride: 2, ceilMode: true, countIncludePad: false }),
    'AveragePool',
  ),
  'pooling without a batch': layer(
    () => new nn.Sequential(new nn.MaxPool2d(2), new nn.AvgPool2d(2)),
    [3, 8, 8],
    'MaxPool',
  ),
  AdaptiveAvgPool2d: rows(() => new nn.AdaptiveAvgPool2d(1), 'GlobalAveragePool'),
  'AdaptiveAvgPool2d in parts': rows(() => new nn.AdaptiveAvgPool2d([3, 5]), 'MatMul'),
  AdaptiveMaxPool2d: rows(() => new nn.AdaptiveMaxPool2d([4, 2]), 'MaxPool'),
  BatchNorm1d: layer(() => seasoned(new nn.BatchNorm1d(6), [9, 6]), [null, 6], 'BatchNormalization'),
  BatchNorm2d: rows(() => seasoned(new nn.BatchNorm2d(6, { affine: false }), [3, 6, 4, 4]), 'BatchNormalization'),
  'BatchNorm2d by the batch': rows(() => new nn.BatchNorm2d(6, { trackRunningStats: false }), 'ReduceMean'),
  LayerNorm: layer(() => new nn.LayerNorm([4, 5]), [null, 3, 4, 5], 'LayerNormalization'),
  'LayerNorm without weights': layer(
    () => new nn.LayerNorm(5, { elementwiseAffine: false }),
    [null, 4, 5],
    'LayerNormalization',
  ),
  RMSNorm: layer(() => new nn.RMSNorm([4, 5]), [null, 3, 4, 5], 'ReduceMean'),
  'RMSNorm without weights': layer(
    () => new nn.RMSNorm(5, { eps: 0.1, elementwiseAffine: false }),
    [null, 4, 5],
    'ReduceMean',
  ),
  GroupNorm: rows(() => new nn.GroupNorm(3, 6), 'InstanceNormalization'),
  InstanceNorm2d: rows(() => new nn.InstanceNorm2d(6, { affine: true }), 'InstanceNormalization'),
  Dropout: rows(() => new nn.Sequential(new nn.Dropout(0.5), new nn.Dropout2d(0.5), new nn.Identity())),
  'Flatten and Unflatten': rows(() => new nn.Sequential(new nn.Flatten(), new nn.Unflatten(1, [6, 64])), 'Flatten'),
  Upsample: rows(() => new nn.Upsample({ scaleFactor: 2 }), 'Resize'),
  'Upsample to a size': rows(() => new nn.Upsample({ size: [11, 5] }), 'Resize'),
  'Upsample by an odd factor': rows(() => new nn.Upsample({ scaleFactor: 1.3 }), 'Resize'),
  'Upsample bilinear': rows(() => new nn.Upsample({ size: [13, 5], mode: 'bilinear' }), 'Resize'),
  'Upsample bilinear by a factor': rows(() => new nn.Upsample({ scaleFactor: 1.7, mode: 'bilinear' }), 'Resize'),
  'Upsample with corners': rows(
    () => new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true }),
    'Resize',
  ),
  Embedding: {
    ...layer(() => new nn.Embedding(10, 4, { paddingIdx: 0 }), [null, 5], 'Gather'),
    dtypes: ['int32'],
    below: 10,
  },
  Bilinear: {
    make: () => new nn.Bilinear(4, 5, 3),
    shapes: [
      [null, 4],
      [null, 5],
    ],
  },
  RNN: layer(() => new nn.RNN(4, 5, { nonlinearity: 'relu', numLayers: 2 }), [6, null, 4], 'RNN'),
  'RNN tanh': layer(() => new nn.RNN(4, 5, { batchFirst: true, bias: false }), [null, 6, 4], 'RNN'),
  LSTM: layer(() => new nn.LSTM(4, 5, { batchFirst: true }), [null, 6, 4], 'LSTM'),
  'LSTM both ways': layer(
    () => new nn.LSTM(4, 5, { numLayers: 2, bidirectional: true, dropout: 0.5 }),
    [6, null, 4],
    'LSTM',
  ),
  GRU: layer(() => new nn.GRU(4, 5, { numLayers: 2, bidirectional: true }), [6, null, 4], 'GRU'),
  'GRU without a batch': layer(() => new nn.GRU(4, 5), [6, 4], 'GRU'),
  'LSTM with states': {
    make: () => {
      const lstm = new nn.LSTM(4, 5);
      return Object.assign(new Fn((x, h, c) => lstm.forward(x!, [h!, c!])), { lstm });
    },
    shapes: [
      [6, null, 4],
      [1, null, 5],
      [1, null, 5],
    ],
  },
  'GRU with lengths': {
    make: () => {
      const gru = new nn.GRU(4, 5, { bidirectional: true });
      return Object.assign(new Fn((x) => gru.forward(x!, null, { lengths: [6, 2, 4] })), { gru });
    },
    shapes: [[6, 3, 4]],
    nodes: ['GRU'],
  },
  LSTMCell: layer(() => new nn.LSTMCell(4, 5), [null, 4], 'LSTM'),
  GRUCell: layer(() => new nn.GRUCell(4, 5), [null, 4], 'GRU'),
  RNNCell: layer(() => new nn.RNNCell(4, 5), [null, 4], 'RNN'),
  MultiheadAttention: {
    make: () => {
      const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
      return Object.assign(new Fn((q, k) => attention.forward(q!, k!, k!)), { attention });
    },
    shapes: [
      [null, 4, 8],
      [null, 6, 8],
    ],
    nodes: ['MatMul', 'Softmax'],
  },
  TransformerEncoderLayer: layer(
    () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true, activation: 'gelu' }),
    [null, 5, 8],
    'LayerNormalization',
    'Softmax',
  ),
  'TransformerEncoderLayer, causal': {
    make: () => {
      const encoder = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, normFirst: true });
      return Object.assign(new Fn((x) => encoder.forward(x!, { isCausal: true })), { encoder });
    },
    shapes: [[5, null, 8]],
  },
  'a graph': {
    make: () => {
      const g = new nn.Graph();
      const [x, y] = [g.input([6]), g.input([4])];
      const shared = new nn.Linear(5, 5);
      const h = g.apply(shared, g.apply(new nn.Linear(6, 5), x));
      const z = g.concat([g.add(h, g.apply(shared, h)), g.apply(new nn.Linear(4, 3), y)]);
      return g.model({ inputs: [x, y], outputs: [z, h] });
    },
    shapes: [
      [null, 6],
      [null, 4],
    ],
    nodes: ['Gemm', 'Concat'],
  },
  'constants of the model': {
    make: () => {
      const mask = tensor([1, 0, 1], { dtype: 'float32' });
      return new Fn((x) => [x!.mul(mask), mask.mul(2), x!]);
    },
    shapes: [[null, 3]],
    nodes: ['Identity'],
  },
  'sentiment model': {
    make: () =>
      new (class extends nn.Module {
        embedding = new nn.Embedding(20, 8);
        lstm = new nn.LSTM(8, 6, { batchFirst: true });
        head = new nn.Linear(6, 1);
        override forward(x: Tensor) {
          const [, [h]] = this.lstm.forward(this.embedding.forward(x));
          return this.head.forward(h.squeeze(0)).sigmoid();
        }
      })(),
    shapes: [[null, 7]],
    dtypes: ['int32'],
    below: 20,
  },
};

/** Whole networks: they are large, so not all tests use them. */
export const networks: Record<string, OnnxCase> = {
  resnet18: {
    ...layer(() => saraf.models.resnet18({ numClasses: 10 }), [null, 3, 64, 64], 'Conv', 'Gemm'),
    tolerance: 5e-5,
  },
  mobilenetV2: {
    ...layer(() => saraf.models.mobilenetV2({ numClasses: 10 }), [null, 3, 64, 64], 'Clip'),
    tolerance: 5e-5,
  },
};

export const onnxCases: Record<string, OnnxCase> = { ...elementwise, ...activations, ...shapes, ...layers };
