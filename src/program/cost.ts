/**
 * What a program costs, from the sizes in its commands alone: its matrix products, the elements that everything else goes through,
 * and the dispatches that it is on a GPU. Where it runs, and how fast that is, is not known here.
 */
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { type UnaryRow, unaryRows } from '../../bindings/commands/unary.ts';
import { BinaryFn } from '../../bindings/generated/encode.ts';
import type { Command } from './commands.ts';
import { gateCount } from './emitRecurrent.ts';

/** A matrix product, `count` times one after the other. */
export interface ProductCost {
  m: number;
  n: number;
  k: number;
  batch: number;
  count: number;
}

export interface Cost {
  products: ProductCost[];
  /** Work outside of products, in elements of a simple loop: what assembly/team/worth.ts counts. */
  work: number;
  /** Elements that are gone through, however much there is to do for each. */
  elements: number;
  /** Dispatches on a GPU, without those of the products. */
  launches: number;
}

const nothing = (): Cost => ({ products: [], work: 0, elements: 0, launches: 0 });

function elementwise(elements: number, factor = 1, launches = 1): Cost {
  return { products: [], work: elements * factor, elements, launches };
}

function product(m: number, n: number, k: number, batch = 1): Cost {
  return { ...nothing(), products: [{ m, n, k, batch, count: 1 }] };
}

const longFunctions: readonly boolean[] = Object.values<UnaryRow>(unaryRows).map(({ isLong = false }) => isLong);
const powers: ReadonlySet<number> = new Set([BinaryFn.pow, BinaryFn.powI]);
const gradients: ReadonlySet<number> = new Set([BinaryFn.geluGrad, BinaryFn.geluTanhGrad, BinaryFn.siluGrad]);

function pairFactor(fn: number): number {
  if (powers.has(fn)) return 16;
  return gradients.has(fn) ? 6 : 1;
}

function points(command: Command): number {
  const at = command.offset('shape');
  let n = 1;
  for (let d = 0; d < command.get('ndim'); d++) n *= command.words[at + d]!;
  return n;
}

/** A recurrent layer: the product of each step, a shader a step beside it, and forward the inputs' product of all steps. */
function recurrentCost(command: Command, n: (...names: string[]) => number): Cost {
  const size = n('hiddenSize');
  const gates = gateCount(recurrentKinds[n('kind')]!) * size;
  const [steps, batch] = [n('steps'), n('batch')];
  const isForward = command.opcode === 'recurrent';
  const perStep = isForward
    ? { m: batch, n: gates, k: size, batch: 1, count: steps }
    : { m: batch, n: size, k: gates, batch: 1, count: steps };
  const inputs = { m: steps * batch, n: gates, k: isForward ? n('inputSize') : 0, batch: 1, count: 1 };
  return {
    products: isForward ? [inputs, perStep] : [perStep],
    work: steps * batch * gates * 4,
    elements: steps * batch * gates,
    launches: steps + 3,
  };
}

/** With the sort that a GPU does for it: a bitonic network's steps, of which a workgroup takes the first nine at once. */
function withSort(elements: number, length: number, cost: Cost): Cost {
  const steps = Math.ceil(Math.log2(Math.max(2, length)));
  const beyond = Math.max(0, steps - 9);
  const passes = 1 + (beyond * (beyond + 3)) / 2;
  return { ...cost, elements: cost.elements + elements * passes, launches: cost.launches + passes };
}

/** The cost of one command. */
function costOf(command: Command): Cost {
  const n = (...names: string[]) => names.reduce((product, name) => product * command.get(name), 1);
  switch (command.opcode) {
    case 'gemm':
      return product(n('m'), n('n'), n('k'), n('batch'));
    case 'qgemm':
      return product(n('m'), n('n'), n('k'));
    case 'conv':
    case 'convInputGrad':
    case 'convWeightGrad': {
      const groups = n('groups');
      const taps = (n('inChannels') / groups) * n('kernelHeight', 'kernelWidth');
      return product(n('outChannels') / groups, n('batch', 'outHeight', 'outWidth'), taps, groups);
    }
    case 'winogradConv':
    case 'winogradGrad':
      return product(n('outChannels'), n('batch', 'outHeight', 'outWidth'), 9 * n('inChannels'));
    case 'recurrent':
    case 'recurrentGrad':
      return recurrentCost(command, n);
    case 'strip':
    case 'group':
      return sumOfCosts(command.parts, command.opcode === 'strip');
    case 'copy':
    case 'where':
      return elementwise(points(command));
    case 'binary':
      return elementwise(points(command), pairFactor(n('fn')));
    case 'unary':
      return elementwise(n('n'), longFunctions[n('fn')] ? 4 : 1);
    case 'fill':
      return elementwise(n('n'));
    case 'sgd':
      return elementwise(n('n'), 2);
    case 'adam':
    case 'adaptive':
      return elementwise(n('n'), 4);
    case 'random':
      return elementwise(n('n'), 8);
    case 'reduce':
      return elementwise(n('outer', 'size', 'inner'));
    case 'argReduce':
      return elementwise(n('outer', 'size', 'inner'), 2);
    case 'cumsum':
      return elementwise(n('outer', 'size', 'inner'), 4);
    case 'softmax':
      return elementwise(n('rows', 'cols'), 8);
    case 'softmaxGrad':
    case 'crossEntropy':
    case 'crossEntropyGrad':
      return elementwise(n('rows', 'cols'), 4);
    case 'takeRows':
      return elementwise(n('outer', 'count', 'inner'));
    case 'addRows':
      return withSort(n('count'), n('count'), elementwise(n('outer', 'count', 'inner')));
    case 'gather':
      return elementwise(n('outer', 'count', 'inner'), 4);
    case 'scatterAdd': {
      const elements = n('outer', 'count', 'inner');
      return withSort(elements, n('count'), elementwise(elements, 4));
    }
    case 'sort':
      return withSort(n('rows', 'cols'), n('cols'), elementwise(n('rows', 'cols'), n('byInsertion') === 1 ? 16 : 64));
    case 'maxPool':
      return elementwise(n('planes', 'height', 'width'), n('indices') === 0 ? 2 : 4);
    case 'maxPoolGrad':
      return elementwise(n('planes', 'inSize') + 8 * n('planes', 'outSize'));
    case 'avgPool':
      return elementwise(n('planes', 'height', 'width'), 2);
    case 'avgPoolGrad':
      return elementwise(n('planes', 'height', 'width'), 8);
    case 'moments':
      return elementwise(n('outer', 'groups', 'size'), 3);
    case 'normalize':
      return elementwise(n('outer', 'channels', 'spatial'));
    case 'normSums':
    case 'normGrad':
      return elementwise(n('outer', 'channels', 'spatial'), 2);
    case 'resize':
      return elementwise(n('planes', 'outHeight', 'outWidth'), 8);
    case 'resizeGrad':
      return elementwise(n('planes', 'outHeight', 'outWidth'), 16);
    case 'im2col':
      return elementwise(n('inChannels', 'kernelHeight', 'kernelWidth', 'batch', 'outHeight', 'outWidth'));
    // The processor's alone.
    case 'winogradWeights':
    case 'winogradWeightGrad':
    case 'pack':
      return nothing();
  }
}

/** The cost of commands one after the other; `isOne`: they are one dispatch. */
export function sumOfCosts(commands: readonly Command[], isOne = false): Cost {
  const sum = nothing();
  for (const command of commands) {
    const { products, work, elements, launches } = costOf(command);
    sum.products.push(...products);
    sum.work += work;
    sum.elements += elements;
    sum.launches += launches;
  }
  return isOne ? { ...sum, launches: 1, elements: sum.elements / Math.max(1, commands.length) } : sum;
}
