/**
 * From modules to JSON and back: each layer has a name and a list of what its constructor takes. A new kind of layer needs one line
 * here, or one call of `registerLayer`.
 */

import { ArgumentError, FormatError, refuse } from '../../bindings/errors.ts';
import * as nn from '../nn/index.ts';
import { building, type Module } from '../nn/module.ts';
import { noMore } from '../options.ts';
import { charge, OBJECT_COST, withoutBudget } from '../tensor/budget.ts';
import { loadGraph, saveGraph } from './graph.ts';
import { isCount, isObject } from './json.ts';
import type { Architecture, Decode, Encode } from './layer.ts';
import { OnnxModel } from './onnx/model.ts';
import { loadOnnxModel, saveOnnxModel } from './onnx/save.ts';

interface Row {
  kind: string;
  save(module: Module, encode: Encode): unknown[];
  load(args: unknown[], decode: Decode): Module;
}

const byClass = new Map<unknown, Row>();
const byKind = new Map<unknown, Row>();

function add(type: unknown, row: Row): void {
  byClass.set(type, row);
  byKind.set(row.kind, row);
}

type Constructor<M extends Module> = new (...args: never[]) => M;

/** `around` runs what calls the constructor. */
function layer<M extends Module>(
  kind: string,
  type: Constructor<M>,
  args: (module: M) => unknown[] = () => [],
  around: (make: () => M) => M = (make) => make(),
): void {
  add(type, {
    kind,
    save: (module) => args(module as M),
    load: (given) => around(() => new type(...(given as never[]))),
  });
}

for (const [kind, type] of Object.entries({
  ArcTan: nn.ArcTan,
  BinaryStep: nn.BinaryStep,
  Hardsigmoid: nn.Hardsigmoid,
  Hardswish: nn.Hardswish,
  Identity: nn.Identity,
  Mish: nn.Mish,
  ReLU: nn.ReLU,
  ReLU6: nn.ReLU6,
  SELU: nn.SELU,
  Sigmoid: nn.Sigmoid,
  SiLU: nn.SiLU,
  Softsign: nn.Softsign,
  Tanh: nn.Tanh,
}))
  layer(kind, type);
for (const [kind, type] of Object.entries({
  CELU: nn.CELU,
  ELU: nn.ELU,
  GELU: nn.GELU,
  Hardtanh: nn.Hardtanh,
  LeakyReLU: nn.LeakyReLU,
  Softplus: nn.Softplus,
  Upsample: nn.Upsample,
}))
  layer<Module & { options: object }>(kind, type, (m) => [m.options]);
layer('PReLU', nn.PReLU, (m) => [{ numParameters: m.weight.numel }]);
layer('Softmax', nn.Softmax, (m) => [{ dim: m.dim }]);
layer('LogSoftmax', nn.LogSoftmax, (m) => [{ dim: m.dim }]);

layer('Linear', nn.Linear, (m) => [m.inFeatures, m.outFeatures, { bias: m.bias !== null }]);
layer('Bilinear', nn.Bilinear, (m) => [m.in1Features, m.in2Features, m.outFeatures, { bias: m.bias !== null }]);
layer('Embedding', nn.Embedding, (m) => [m.numEmbeddings, m.embeddingDim, m.options]);
layer('Dropout', nn.Dropout, (m) => [m.p]);
layer('Dropout2d', nn.Dropout2d, (m) => [m.p]);
layer('Flatten', nn.Flatten, (m) => [m.startDim, m.endDim]);
layer('Unflatten', nn.Unflatten, (m) => [m.dim, m.sizes]);
layer('RBM', nn.RBM, (m) => [m.visible, m.hidden]);

const convolution = (m: nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d) => {
  const [first, ...rest] = m.weight.shape.slice(2);
  const options = { ...m.options, bias: m.bias !== null };
  return [m.inChannels, m.outChannels, rest.length === 0 ? first : [first, ...rest], options];
};
layer('Conv1d', nn.Conv1d, convolution);
layer('Conv2d', nn.Conv2d, convolution);
layer('ConvTranspose2d', nn.ConvTranspose2d, convolution);

const pool = (m: nn.MaxPool1d | nn.MaxPool2d | nn.AvgPool1d | nn.AvgPool2d) => [m.kernelSize, m.options];
layer('MaxPool1d', nn.MaxPool1d, pool);
layer('MaxPool2d', nn.MaxPool2d, pool);
layer('AvgPool1d', nn.AvgPool1d, pool);
layer('AvgPool2d', nn.AvgPool2d, pool);
layer('AdaptiveAvgPool1d', nn.AdaptiveAvgPool1d, (m) => [m.outputSize]);
layer('AdaptiveAvgPool2d', nn.AdaptiveAvgPool2d, (m) => [m.outputSize]);
layer('AdaptiveMaxPool2d', nn.AdaptiveMaxPool2d, (m) => [m.outputSize]);

const runningNorm = (m: nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d) => {
  const { numFeatures, eps, momentum } = m;
  return [numFeatures, { eps, momentum, affine: m.weight !== null, trackRunningStats: m.running_mean !== null }];
};
layer('BatchNorm1d', nn.BatchNorm1d, runningNorm);
layer('BatchNorm2d', nn.BatchNorm2d, runningNorm);
layer('InstanceNorm2d', nn.InstanceNorm2d, runningNorm);
layer('LayerNorm', nn.LayerNorm, (m) => [
  m.normalizedShape,
  { eps: m.eps, elementwiseAffine: m.weight !== null, bias: m.bias !== null },
]);
layer('RMSNorm', nn.RMSNorm, (m) => [m.normalizedShape, { eps: m.eps, elementwiseAffine: m.weight !== null }]);
layer('GroupNorm', nn.GroupNorm, (m) => [m.numGroups, m.numChannels, { eps: m.eps, affine: m.weight !== null }]);

const recurrent = (m: nn.RNN | nn.LSTM | nn.GRU) => {
  const { numLayers, bias, batchFirst, dropout, bidirectional } = m;
  const nonlinearity = m instanceof nn.RNN ? { nonlinearity: m.nonlinearity } : {};
  return [m.inputSize, m.hiddenSize, { numLayers, bias, batchFirst, dropout, bidirectional, ...nonlinearity }];
};
layer('RNN', nn.RNN, recurrent);
layer('LSTM', nn.LSTM, recurrent);
layer('GRU', nn.GRU, recurrent);
const cell = (m: nn.RNNCell | nn.LSTMCell | nn.GRUCell) => {
  const nonlinearity = m instanceof nn.RNNCell ? { nonlinearity: m.nonlinearity } : {};
  return [m.inputSize, m.hiddenSize, { bias: m.bias_ih !== null, ...nonlinearity }];
};
layer('RNNCell', nn.RNNCell, cell);
layer('LSTMCell', nn.LSTMCell, cell);
layer('GRUCell', nn.GRUCell, cell);

layer('MultiheadAttention', nn.MultiheadAttention, (m) => {
  const { embedDim, numHeads, dropout, kdim, vdim, batchFirst } = m;
  return [embedDim, numHeads, { dropout, bias: m.in_proj_bias !== null, kdim, vdim, batchFirst }];
});
layer('TransformerEncoderLayer', nn.TransformerEncoderLayer, (m) => {
  const { activation, normFirst } = m;
  const { batchFirst } = m.self_attn;
  const sizes = { dimFeedforward: m.linear1.outFeatures, dropout: m.dropout.p, layerNormEps: m.norm1.eps };
  return [m.dModel, m.nhead, { ...sizes, activation, normFirst, batchFirst }];
});

add(nn.Sequential, {
  kind: 'Sequential',
  save: (module, encode) => module.children().map(encode),
  load: (args, decode) => new nn.Sequential(...(args.map((each) => decode(each)) as nn.Layer[])),
});
add(nn.ModuleList, {
  kind: 'ModuleList',
  save: (module, encode) => module.children().map(encode),
  load: (args, decode) => new nn.ModuleList(args.map((each) => decode(each))),
});
add(nn.ModuleDict, {
  kind: 'ModuleDict',
  save: (module, encode) => Array.from(module.namedChildren(), ([name, child]) => [name, encode(child)]),
  load: (args, decode) => {
    const dict = new nn.ModuleDict();
    for (const [name, child] of args as [string, unknown][]) dict.set(name, decode(child, name));
    return dict;
  },
});
add(nn.GraphModel, {
  kind: 'Graph',
  save: (module, encode) => saveGraph(module as nn.GraphModel, encode),
  load: loadGraph,
});
add(OnnxModel, { kind: 'OnnxModel', save: (module) => saveOnnxModel(module as OnnxModel), load: loadOnnxModel });

/**
 * Makes layers of your own known to `saveModel` and `loadModel`. Their constructors get what the file says, and should check it if
 * files may come from strangers.
 *
 * @param kind name in files
 * @param type the class
 * @param args the constructor's arguments for a layer of this class; JSON must be able to hold them
 * @throws ArgumentError for a name or class that is known already
 * @example
 * class Scale extends nn.Module {
 *   constructor(readonly factor: number) {
 *     super();
 *   }
 *   forward(x: Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * registerLayer('Scale', Scale, (layer) => [layer.factor]);
 * loadModel(saveModel(new nn.Sequential(new Scale(2)))).model;
 */
export function registerLayer<M extends Module>(
  kind: string,
  type: Constructor<M>,
  args: (module: M) => unknown[] = () => [],
): void {
  if (arguments.length > 3) noMore('registerLayer', 3, arguments);
  if (byKind.has(kind) || byClass.has(type)) {
    refuse(ArgumentError, 'registerLayer', `${kind} is known already`, { argument: 'kind', got: kind });
  }
  // Such a layer may hold more than it saves.
  layer(kind, type, args, withoutBudget);
}

/** The architecture of a module. A module that is used in several places stays shared. */
export function encodeModule(root: Module): Architecture {
  const numbers = new Map<Module, number>();
  const encode: Encode = (module) => {
    const shared = numbers.get(module);
    if (shared !== undefined) return { shared };
    const row = byClass.get(module.constructor);
    if (row === undefined) {
      const name = module.constructor.name;
      refuse(
        ArgumentError,
        'saveModel',
        `the layer ${name} is not known; make it known with registerLayer('${name}', ${name}, (layer) => [arguments]), or save model.stateDict() (ModelCheckpoint: saveWeightsOnly)`,
        { argument: 'model', got: name },
      );
    }
    const args = row.save(module, encode);
    numbers.set(module, numbers.size);
    return { kind: row.kind, args };
  };
  return encode(root);
}

/** Modules inside modules that a file may have. */
const MAX_DEPTH = 200;

/** A module that a file describes, and how many modules it is together with those inside it, each counted wherever it occurs. */
interface Made {
  module: Module;
  count: number;
}

/**
 * The module of an architecture, with new parameters. A module is charged for at each place where it occurs, because `stateDict` visits
 * all of them: blocks that share blocks would be two to the power of their levels.
 */
export function decodeModule(architecture: unknown): Module {
  const made: Made[] = [];
  let depth = 0;
  /** Modules so far, and the length of the current dotted name, without dots. */
  let count = 0;
  let prefix = 0;
  const fail = (message: string): never => {
    refuse(FormatError, 'loadModel', message, { argument: 'bytes' });
  };
  const add = (modules: number) => {
    charge(modules * (OBJECT_COST + prefix));
    count += modules;
  };
  const place = (given: unknown): Module => {
    if (!isObject(given)) return fail('the architecture is damaged');
    if (Object.hasOwn(given, 'shared')) {
      const shared = (isCount(given.shared) ? made[given.shared] : undefined) ?? fail('a shared layer is missing');
      add(shared.count);
      return shared.module;
    }
    const { kind, args } = given;
    const row = byKind.get(kind);
    if (row === undefined) return fail(`the layer ${kind} is not known; make it known with registerLayer`);
    if (!Array.isArray(args)) return fail(`the arguments of ${kind} are missing`);
    if (++depth > MAX_DEPTH) return fail(`modules are nested deeper than ${MAX_DEPTH}`);
    const before = count;
    add(1);
    const module = row.load(args, decode);
    depth--;
    made.push({ module, count: count - before });
    return module;
  };
  const decode: Decode = (given, name = '') => {
    if (typeof name !== 'string') return fail('the name of a layer is not a text');
    prefix += name.length;
    const module = place(given);
    prefix -= name.length;
    return module;
  };
  const root = building(() => decode(architecture));
  // A damaged graph may have steps that no output needs.
  const used = new Set(root.modules());
  for (const { module } of made) if (!used.has(module)) module.dispose();
  return root;
}
