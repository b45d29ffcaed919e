/**
 * What a program costs, from the sizes in its commands alone: its matrix products, the elements that everything else goes through,
 * and the dispatches that it is on a GPU. Where it runs, and how fast that is, is not known here.
 */
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { gateCount } from '../emit/recurrent.ts';
import { elementsAndWork } from '../generated/work.ts';
import type { Command } from './commands.ts';

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
  /** Work outside of products, in elements of a simple loop: bindings/commands/work.ts. */
  work: number;
  /** Elements that are gone through, however much there is to do for each. */
  elements: number;
  /** Dispatches on a GPU, without those of the products. */
  launches: number;
}

const nothing = (): Cost => ({ products: [], work: 0, elements: 0, launches: 0 });

function elementwise(command: Command): Cost {
  const [elements, work] = elementsAndWork(command);
  return { products: [], work, elements, launches: 1 };
}

function product(m: number, n: number, k: number, batch = 1): Cost {
  return { ...nothing(), products: [{ m, n, k, batch, count: 1 }] };
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
    case 'addRows':
      return withSort(n('count'), n('count'), elementwise(command));
    case 'scatterAdd':
      return withSort(n('outer', 'count', 'inner'), n('count'), elementwise(command));
    case 'sort':
      return withSort(n('rows', 'cols'), n('cols'), elementwise(command));
    // The processor's alone.
    case 'winogradWeights':
    case 'winogradWeightGrad':
    case 'pack':
      return nothing();
    default:
      return elementwise(command);
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
