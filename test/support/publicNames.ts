/** All public names, by the place where users find them. */
import * as kernels from '../../bindings/kernels/index.ts';
import * as saraf from '../../src/index.ts';
import * as files from '../../src/node/index.ts';

const { data, F, metrics, models, nn, optim, plot } = saraf;

const words = (text: string): string[] => text.trim().split(/\s+/);

const creation = words('tensor zeros ones full eye arange linspace rand randn randint randperm zerosLike onesLike');
const arithmetic =
  words(`add sub mul div pow neg abs sign sqrt rsqrt square exp log log1p sin cos tanh sigmoid relu atan erf
  floor ceil round clamp maximum minimum reciprocal eq ne gt ge lt le logicalNot matmul bmm dot outer`);
const reductions = words('sum mean prod max min argmax argmin variance std norm logsumexp cumsum');
const shapes =
  words(`reshape view flatten unflatten squeeze unsqueeze transpose permute expand slice select indexSelect gather
  scatterAdd split chunk flip pad repeat tril triu topk sort`);

/** Functions and classes, by the place where users find them. */
export const publicNames: Record<string, [place: object, names: string[]]> = {
  'runtime, autograd, programs': [
    saraf,
    words(
      'init runtimeInfo setNumThreads memory move scope keep noGrad manualSeed grad gradcheck compile profile Tensor summary',
    ),
  ],
  'making tensors': [saraf, [...creation, ...words('cat stack where')]],
  'operations as functions': [saraf, [...arithmetic, ...reductions, ...shapes]],
  'methods of a tensor': [
    saraf.Tensor.prototype,
    [
      ...arithmetic,
      ...reductions,
      ...shapes,
      ...words('data dataSync toArray item backward detach clone to dispose add_ sub_ mul_ div_ zero_ fill_ copy_'),
    ],
  ],
  errors: [
    saraf,
    words(`SarafError ShapeError ArgumentError DTypeError AutogradError DeviceError DisposedError TraceError OutOfMemoryError
      FormatError`),
  ],
  layers: [
    nn,
    words(`Module Parameter Linear Bilinear Conv1d Conv2d ConvTranspose2d MaxPool1d MaxPool2d AvgPool2d AdaptiveAvgPool2d
      AdaptiveMaxPool2d BatchNorm1d BatchNorm2d LayerNorm RMSNorm GroupNorm InstanceNorm2d Dropout Dropout2d Embedding RNNCell LSTMCell
      GRUCell RNN LSTM GRU Flatten Unflatten Upsample Sequential ModuleList ModuleDict MultiheadAttention TransformerEncoderLayer RBM Graph
      summary`),
  ],
  'methods of a module': [
    nn.Linear.prototype,
    words(`forward parameters namedParameters buffers modules children train eval requiresGrad_ stateDict loadStateDict to apply
      dispose`),
  ],
  activations: [
    nn,
    words(`Identity BinaryStep Sigmoid Tanh ArcTan ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign
      Hardtanh Hardsigmoid Hardswish Softmax LogSoftmax`),
  ],
  losses: [
    nn,
    words(`MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss CrossEntropyLoss NLLLoss KLDivLoss FocalLoss
      HingeEmbeddingLoss CosineEmbeddingLoss`),
  ],
  'nn.init': [
    nn.init,
    words('uniform_ normal_ constant_ xavierUniform_ xavierNormal_ kaimingUniform_ kaimingNormal_ orthogonal_'),
  ],
  'nn.utils': [nn.utils, words('clipGradNorm_ clipGradValue_')],
  'nn.Graph': [nn.Graph.prototype, words('input apply add concat model')],
  'activations as functions': [
    F,
    words(`identity binaryStep sigmoid tanh arctan relu relu6 leakyRelu prelu elu selu celu gelu silu mish softplus softsign
      hardtanh hardsigmoid hardswish softmax logSoftmax`),
  ],
  'losses as functions': [
    F,
    words(`mseLoss l1Loss smoothL1Loss huberLoss binaryCrossEntropy binaryCrossEntropyWithLogits crossEntropy nllLoss klDiv
      focalLoss hingeEmbeddingLoss cosineEmbeddingLoss`),
  ],
  'layers as functions': [
    F,
    words(`linear bilinear conv1d conv2d convTranspose2d maxPool1d maxPool2d avgPool2d adaptiveAvgPool2d adaptiveMaxPool2d
      batchNorm layerNorm rmsNorm groupNorm instanceNorm dropout dropout2d embedding oneHot interpolate pad scaledDotProductAttention`),
  ],
  optimizers: [optim, words('SGD Adam AdamW NAdam RMSprop Adagrad Adadelta LBFGS l1Penalty lrScheduler')],
  'methods of an optimizer': [optim.SGD.prototype, words('step zeroGrad stateDict loadStateDict')],
  schedulers: [
    optim.lrScheduler,
    words(`StepLR MultiStepLR ExponentialLR CosineAnnealingLR CosineAnnealingWarmRestarts LinearLR OneCycleLR LambdaLR SequentialLR
      WarmupCosineLR ReduceLROnPlateau`),
  ],
  data: [
    data,
    words(`TensorDataset DataLoader trainTestSplit StandardScaler MinMaxScaler LabelEncoder OneHotEncoder oneHot Tokenizer
      padSequences slidingWindows oversample classWeights transforms makeMoons makeCircles makeBlobs makeRegression iris
      breastCancer wine digits`),
  ],
  'data.transforms': [
    data.transforms,
    words('Compose Resize CenterCrop RandomResizedCrop RandomHorizontalFlip RandomRotation ColorJitter Normalize'),
  ],
  metrics: [
    metrics,
    words(`accuracy topK precision recall f1 confusionMatrix classificationReport rocCurve rocAuc prCurve averagePrecision logLoss
      meanAbsoluteError meanSquaredError r2`),
  ],
  training: [
    saraf,
    words(`Trainer EarlyStopping LRScheduler ReduceLROnPlateau TerminateOnNaN MLPClassifier MLPRegressor LogisticRegression Perceptron
      gridSearch`),
  ],
  'methods of a trainer': [saraf.Trainer.prototype, words('fit evaluate predict')],
  'methods of an estimator': [saraf.MLPClassifier.prototype, words('fit predict predictProba score')],
  plot: [plot, words('lines confusion roc decisionBoundary histogram images graph contours')],
  models: [models, words('resnet18 mobilenetV2')],
  files: [
    saraf,
    words(
      'saveSafetensors saveSafetensorsAsync loadSafetensors saveModel saveModelAsync loadModel exportOnnx loadOnnx',
    ),
  ],
  'saraf/node': [
    files,
    words(`saveSafetensors loadSafetensors saveModel loadModel exportOnnx loadOnnx mnist imdb imageFolder readCsv ModelCheckpoint CSVLogger
      ProgressBar`),
  ],
  'saraf/kernels': [
    kernels,
    words(`init alloc free gemm gemv conv2d depthwiseConv2d im2col maxPool2d avgPool2d softmax layerNorm batchNorm relu sigmoid
      tanh gelu exp add mul axpy dot sum lstmCell gruCell lstmSequence qgemm`),
  ],
};
