/**
 * A valid call of every public function that takes options or numbers: the arguments before its options. For a method
 * the first one is its object. Functions that take neither need no case.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as saraf from '../../src/index.ts';
import * as files from '../../src/node/index.ts';

const { data, nn, ones, optim, randn, tensor, zeros } = saraf;
type Call = () => unknown[];

const m = () => randn(4, 6);
const ints = (...values: number[]) => tensor(values, { dtype: 'int32' });
const image = () => randn(2, 4, 6, 6);
const line = () => randn(2, 4, 6);
const probabilities = () => m().sigmoid();
const leaf = () => new nn.Parameter(randn(3));
const layer = () => new nn.Linear(6, 2);
const sgd = () => new optim.SGD([leaf()], { lr: 0.1, momentum: 0.9 });
/** The optimizer of all schedules: SequentialLR needs the same one as its parts. */
const shared = sgd();
const graph = () => new nn.Graph();
const trainer = () => {
  const model = new nn.Linear(6, 1);
  return new saraf.Trainer(model, { optimizer: new optim.SGD(model.parameters()), loss: 'mse' });
};
const labels = [0, 1, 1, 0];
const scores = [0.1, 0.8, 0.4, 0.3];
const table = [
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0],
];
const net = () => new nn.Sequential(new nn.Linear(2, 2));

const folder = () => mkdtempSync(join(tmpdir(), 'saraf-'));
const csv = () => {
  const path = join(folder(), 'table.csv');
  writeFileSync(path, 'a,b\n1,2\n');
  return path;
};
const modelFile = () => {
  const path = join(folder(), 'model.safetensors');
  files.saveModel(net(), path);
  return path;
};

const onnxFile = () => {
  const path = join(folder(), 'net.onnx');
  files.exportOnnx(net(), [1, 2], path);
  return path;
};
const reviews = () => {
  const path = join(folder(), 'reviews.csv');
  writeFileSync(path, 'review,sentiment\ngood,positive\nbad,negative\n');
  return path;
};

const each = (names: string, call: Call): Record<string, Call> =>
  Object.fromEntries(names.split(' ').map((name) => [name, call]));

const operations: Record<string, Call> = {
  ...each('add sub div', () => [m(), 2]),
  ...each('mul pow maximum minimum eq ne gt ge lt le', () => [m(), 2]),
  ...each('sum mean prod variance std norm logsumexp argmax argmin max min cumsum sort softmax logSoftmax', () => [
    m(),
    1,
  ]),
  ...each('round', () => [m()]),
  ...each('zerosLike onesLike', () => [m()]),
  ...each('tril triu flatten squeeze unsqueeze', () => [m(), 0]),
  ...each('flip', () => [m(), 1]),
  clamp: () => [m(), 0, 1],
  full: () => [[2], 7],
  linspace: () => [0, 1, 3],
  tensor: () => [[1, 2]],
  randperm: () => [5],
  randint: () => [0, 4, [2]],
  arange: () => [0, 4, 1],
  eye: () => [2, 3],
  zeros: () => [2, 3],
  ones: () => [2, 3],
  rand: () => [2, 3],
  randn: () => [2, 3],
  topk: () => [m(), 2, 1],
  where: () => [m().gt(0), 1, 0],
  gather: () => [m(), 0, zeros(4, 6).to('int32')],
  scatterAdd: () => [m(), 0, zeros(4, 6).to('int32'), m()],
  indexSelect: () => [m(), 0, ints(0)],
  chunk: () => [m(), 2, 1],
  split: () => [m(), 2, 1],
  cat: () => [[m(), m()], 0],
  stack: () => [[m(), m()], 0],
  select: () => [m(), 0, 1],
  slice: () => [m(), 0, 0, 2, 1],
  transpose: () => [m(), 0, 1],
  unflatten: () => [m(), 1, [2, 3]],
};

const functions: Record<string, Call> = {
  grad: () => {
    const x = leaf();
    return [x.sum(), x];
  },
  gradcheck: () => [(x: saraf.Tensor) => x.square(), [leaf()]],
  compile: () => [(x: saraf.Tensor) => x.add(1)],
  profile: () => {
    const step = saraf.compile((x: saraf.Tensor) => x.add(1));
    step(m());
    return [step];
  },
  init: () => [],
  manualSeed: () => [1],
  setNumThreads: () => [1],
  gridSearch: () => [{ a: [1] }, () => 1],
  loadModel: () => [saraf.saveModel(net())],
  loadOnnx: () => [saraf.exportOnnx(net(), [1, 2])],
  ...each('loadSafetensors safetensorsMetadata', () => [saraf.saveSafetensors(net().stateDict())]),
  ...each('saveModel saveModelAsync', () => [net()]),
  exportOnnx: () => [net(), [1, 2]],
  'new LogisticRegression': () => [],
  'new Perceptron': () => [],
  'new MLPClassifier': () => [],
  'new MLPRegressor': () => [],
  'new EarlyStopping': () => [],
  'new ReduceLROnPlateau': () => [],
  'new LRScheduler': () => [(epoch: number) => epoch],
  'new Trainer': () => [layer()],
  'Trainer.fit': () => [trainer(), m(), randn(4, 1)],
  'Trainer.evaluate': () => [trainer(), m(), randn(4, 1)],
  'Trainer.predict': () => [trainer(), m()],
};

const inF: Record<string, Call> = {
  ...each('leakyRelu elu celu gelu softplus hardtanh dropout dropout2d softmax logSoftmax', () => [m()]),
  ...each('mseLoss l1Loss smoothL1Loss huberLoss', () => [m(), m()]),
  ...each('binaryCrossEntropy binaryCrossEntropyWithLogits klDiv', () => [probabilities(), probabilities()]),
  ...each('crossEntropy nllLoss focalLoss', () => [m(), ints(0, 1, 2, 3)]),
  hingeEmbeddingLoss: () => [m(), ones(4, 6)],
  cosineEmbeddingLoss: () => [m(), m(), ones(4)],
  pad: () => [m(), [1, 1]],
  scaledDotProductAttention: () => [line(), line(), line()],
  embedding: () => [ints(0, 1), m()],
  batchNorm: () => [m(), zeros(6), ones(6)],
  groupNorm: () => [image(), 2],
  instanceNorm: () => [image()],
  ...each('layerNorm rmsNorm', () => [m(), 6]),
  ...each('avgPool1d maxPool1d', () => [line(), 2]),
  ...each('avgPool2d maxPool2d adaptiveMaxPool2d', () => [image(), 2]),
  adaptiveAvgPool2d: () => [image(), 2],
  adaptiveAvgPool1d: () => [line(), 2],
  interpolate: () => [image()],
  conv1d: () => [line(), randn(2, 4, 3), null],
  conv2d: () => [image(), randn(2, 4, 3, 3), null],
  convTranspose2d: () => [image(), randn(4, 2, 3, 3), null],
  oneHot: () => [ints(0, 1), 3],
};

const inNn: Record<string, Call> = {
  ...each('Softmax LogSoftmax LeakyReLU ELU CELU GELU Softplus Hardtanh PReLU', () => []),
  ...each(
    'MSELoss BCELoss CrossEntropyLoss L1Loss SmoothL1Loss HuberLoss BCEWithLogitsLoss NLLLoss KLDivLoss FocalLoss HingeEmbeddingLoss CosineEmbeddingLoss',
    () => [],
  ),
  ...each('GRU LSTM RNN GRUCell LSTMCell RNNCell Linear Embedding', () => [6, 2]),
  ...each('Conv1d Conv2d ConvTranspose2d', () => [4, 2, 3]),
  ...each('BatchNorm1d BatchNorm2d InstanceNorm2d LayerNorm RMSNorm MaxPool1d MaxPool2d AvgPool1d AvgPool2d', () => [
    4,
  ]),
  ...each('AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool2d', () => [4]),
  ...each('Dropout Dropout2d', () => [0.5]),
  GroupNorm: () => [2, 4],
  MultiheadAttention: () => [4, 2],
  TransformerEncoderLayer: () => [4, 2],
  Bilinear: () => [2, 3, 4],
  Upsample: () => [],
  Flatten: () => [1, 2],
  Unflatten: () => [1, [2, 3]],
  RBM: () => [4, 2],
  Parameter: () => [randn(2)],
};

const inMetrics: Record<string, Call> = {
  ...each(
    'accuracy confusionMatrix f1 precision recall meanAbsoluteError meanSquaredError r2 classificationReport',
    () => [labels, labels],
  ),
  ...each('averagePrecision prCurve rocAuc rocCurve logLoss', () => [labels, scores]),
  topK: () => [
    labels,
    [
      [0.1, 0.9],
      [0.2, 0.8],
      [0.3, 0.7],
      [0.6, 0.4],
    ],
  ],
};

const inData: Record<string, Call> = {
  oversample: () => [table, labels],
  ...each('makeBlobs makeCircles makeMoons makeRegression', () => [10]),
  padSequences: () => [[[1], [1, 2]]],
  slidingWindows: () => [[1, 2, 3, 4], 2],
  trainTestSplit: () => [table, labels],
  oneHot: () => [[0, 1], 2],
  'new DataLoader': () => [new data.TensorDataset(m())],
  'TensorDataset.get': () => [new data.TensorDataset(m()), 1],
  'transforms.new ColorJitter': () => [],
  'transforms.new RandomHorizontalFlip': () => [],
  'transforms.new RandomResizedCrop': () => [4],
  'transforms.new RandomRotation': () => [10],
  'transforms.new Resize': () => [4],
  'transforms.new CenterCrop': () => [4],
  'transforms.new Normalize': () => [[0.5], [0.5]],
  'new OneHotEncoder': () => [],
  'new MinMaxScaler': () => [],
  'new StandardScaler': () => [],
  'new Tokenizer': () => [],
};

const schedulers: Record<string, object> = {
  OneCycleLR: { maxLr: 1, totalSteps: 9 },
  ReduceLROnPlateau: {},
  StepLR: { stepSize: 2 },
  MultiStepLR: { milestones: [2] },
  ExponentialLR: { gamma: 0.5 },
  CosineAnnealingLR: { tMax: 2 },
  CosineAnnealingWarmRestarts: { t0: 2 },
  LinearLR: {},
  LambdaLR: { lrLambda: (epoch: number) => epoch },
  WarmupCosineLR: { warmupEpochs: 1, totalEpochs: 3 },
  SequentialLR: {},
};

/** Options without which the call would not work. */
export const needed: Record<string, () => object> = {
  ...Object.fromEntries(
    Object.entries(schedulers).map(([name, options]) => [`optim.lrScheduler.new ${name}`, () => options]),
  ),
  'optim.lrScheduler.new SequentialLR': () => ({
    schedulers: [new optim.lrScheduler.LinearLR(shared), new optim.lrScheduler.LinearLR(shared)],
    milestones: [2],
  }),
  'F.interpolate': () => ({ scaleFactor: 2 }),
  'nn.new Upsample': () => ({ scaleFactor: 2 }),
  'new Trainer': () => ({ optimizer: new optim.SGD(layer().parameters()), loss: 'mse' }),
};

const prefixed = (prefix: string, cases: Record<string, Call>) =>
  Object.fromEntries(Object.entries(cases).map(([name, call]) => [`${prefix}${name}`, call]));

/** Methods of a tensor: the same operations, with the first tensor as the object. */
const methods = Object.fromEntries(Object.entries(operations).filter(([name]) => name in saraf.Tensor.prototype));

/** The calls by the names of `publicFunctions`. */
export const callCases: Record<string, Call> = {
  ...operations,
  ...functions,
  ...prefixed('Tensor.', methods),
  ...prefixed('Tensor.', {
    ...each('add_ sub_ div_ mul_', () => [m(), 2]),
    fill_: () => [m(), 2],
    pad: () => [m(), [1, 1]],
    backward: () => [leaf().sum(), undefined],
  }),
  ...prefixed('F.', inF),
  ...prefixed('nn.new ', inNn),
  ...prefixed('nn.', {
    'Embedding.loadStateDict': () => [new nn.Embedding(2, 2), new nn.Embedding(2, 2).stateDict()],
    'RBM.contrastiveDivergence': () => [new nn.RBM(4, 2), randn(3, 4)],
    ...each('GRU.forward', () => [new nn.GRU(6, 2), randn(3, 1, 6), undefined]),
    ...each('LSTM.forward', () => [new nn.LSTM(6, 2), randn(3, 1, 6), undefined]),
    ...each('RNN.forward', () => [new nn.RNN(6, 2), randn(3, 1, 6), undefined]),
    'MultiheadAttention.forward': () => [new nn.MultiheadAttention(6, 2), ...[m(), m(), m()]],
    'TransformerEncoderLayer.forward': () => [new nn.TransformerEncoderLayer(6, 2), randn(3, 1, 6)],
    'ModuleList.at': () => [new nn.ModuleList([layer()]), 0],
    'Graph.concat': () => {
      const g = graph();
      return [g, [g.input([2]), g.input([2])], 1];
    },
    'init.uniform_': () => [randn(2), 0, 1],
    'init.normal_': () => [randn(2), 0, 1],
    'init.constant_': () => [randn(2), 1],
    'init.calculateGain': () => ['relu', 0],
    ...each('init.xavierUniform_ init.xavierNormal_ init.orthogonal_', () => [m(), 1]),
    ...each('init.kaimingUniform_ init.kaimingNormal_', () => [m()]),
    ...each('utils.clipGradNorm_ utils.clipGradValue_', () => [[leaf()], 1]),
  }),
  ...prefixed(
    'optim.new ',
    each('SGD Adam AdamW Adadelta Adagrad NAdam RMSprop LBFGS', () => [[leaf()]]),
  ),
  ...prefixed(
    'optim.lrScheduler.new ',
    each(Object.keys(schedulers).join(' '), () => [shared]),
  ),
  'optim.lrScheduler.ReduceLROnPlateau.step': () => [new optim.lrScheduler.ReduceLROnPlateau(sgd()), 1],
  'optim.l1Penalty': () => [[leaf()], 0.1],
  ...prefixed('metrics.', inMetrics),
  ...prefixed('data.', inData),
  ...prefixed(
    'models.',
    each('mobilenetV2 resnet18', () => []),
  ),
  ...prefixed('plot.', {
    decisionBoundary: () => [new saraf.LogisticRegression().fit(table, labels), table, labels],
    confusion: () => [
      [
        [1, 0],
        [0, 1],
      ],
    ],
    contours: () => [(x: number, y: number) => x + y],
    graph: () => [net()],
    histogram: () => [scores],
    images: () => [randn(2, 4, 4)],
    lines: () => [{ loss: scores }],
    roc: () => [{ fpr: [0, 1], tpr: [0, 1] }],
  }),
  ...prefixed('node.', {
    'new CSVLogger': () => [join(folder(), 'log.csv')],
    'new ModelCheckpoint': () => [join(folder(), 'best')],
    parseCsv: () => ['a,b\n1,2\n'],
    readCsv: () => [csv()],
    imageFolder: () => [folder()],
    exportOnnx: () => [net(), [1, 2], join(folder(), 'net.onnx')],
    loadModel: () => [modelFile()],
    loadOnnx: () => [onnxFile()],
    loadSafetensors: () => [modelFile()],
    mnist: () => [undefined],
    imdb: () => [reviews()],
    saveModel: () => [net(), join(folder(), 'net.safetensors')],
    'CsvTable.toTensor': () => [files.parseCsv('a,b\n1,2\n'), ['a']],
  }),
};
