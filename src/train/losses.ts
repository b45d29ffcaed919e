/** Losses by name, and what the classes of a batch weigh. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import * as nnLosses from '../nn/losses.ts';
import { Module } from '../nn/module.ts';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  focalLoss,
  hingeEmbeddingLoss,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from '../ops/functional.ts';
import { checkLossInput } from '../ops/lossInput.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Reading } from './metrics.ts';

/**
 * From what the model gives and what it should have given to one number, or to one an example [N], whose mean is taken. Weights of
 * examples are applied by the trainer: they need one an example.
 */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** The loss of a batch, whose examples may have weights [N]. */
export type BatchLoss = (output: Tensor, target: Tensor, sampleWeights?: Tensor) => Tensor;

interface NamedLoss {
  fn: (output: Tensor, target: Tensor, options: { reduction: 'mean' | 'none' }) => Tensor;
  /** Whether targets are numbers like the outputs (and not class indices). */
  elementwise: boolean;
}

/** A loss function that warns of outputs that it is not made for. */
function watched<A extends [output: Tensor, ...others: unknown[]]>(fn: (...args: A) => Tensor): (...args: A) => Tensor {
  return (...args) => {
    checkLossInput(fn, args[0]);
    return fn(...args);
  };
}

const numbers = (fn: NamedLoss['fn']): NamedLoss => ({ fn: watched(fn), elementwise: true });
const classes = (fn: NamedLoss['fn']): NamedLoss => ({ fn: watched(fn), elementwise: false });

/** By the names of the classes in nn without `Loss`: all that take one output and one target. */
const BY_CLASS: Record<string, NamedLoss> = {
  mse: numbers(mseLoss),
  l1: numbers(l1Loss),
  smoothL1: numbers(smoothL1Loss),
  huber: numbers(huberLoss),
  bce: numbers(binaryCrossEntropy),
  bceWithLogits: numbers(binaryCrossEntropyWithLogits),
  klDiv: numbers(klDiv),
  hingeEmbedding: numbers(hingeEmbeddingLoss),
  crossEntropy: classes(crossEntropy),
  nll: classes(nllLoss),
  focal: classes(focalLoss),
};

/** By those, by functional's names, and by Keras's where they mean the same. */
const LOSSES: Record<string, NamedLoss> = {
  ...BY_CLASS,
  mseLoss: BY_CLASS.mse!,
  meanSquaredError: BY_CLASS.mse!,
  mae: BY_CLASS.l1!,
  meanAbsoluteError: BY_CLASS.l1!,
  binaryCrossEntropy: BY_CLASS.bce!,
  binaryCrossentropy: BY_CLASS.bce!,
};

/** A loss by name, a loss such as `new nn.MSELoss()`, or a function. */
export type Loss = string | Module | LossFunction;

/** Targets of an elementwise loss as the output: float32, with a last dimension of 1 where the output has one. */
function fitTarget(output: Tensor, target: Tensor): Tensor {
  const floats = target.dtype === 'float32' ? target : target.to('float32');
  const isColumn = output.ndim === floats.ndim + 1 && output.shape[output.ndim - 1] === 1;
  return isColumn ? floats.unsqueeze(-1) : floats;
}

/**
 * Class numbers of targets: whole numbers [N] or [N, 1], or probabilities [N, C], of which the largest counts.
 *
 * @throws ShapeError where an example has several targets, none of which is its class
 */
export function classesOf(op: string, target: Tensor, takesProbabilities: boolean): Tensor {
  const perExample = target.numel / (target.shape[0] || 1);
  if (perExample === 1 || target.ndim < 2) return target.dtype === 'int32' ? target : target.to('int32');
  if (takesProbabilities && target.ndim === 2 && target.dtype === 'float32') return target.argmax(1);
  refuse(ShapeError, op, `classWeight needs one class an example, targets are ${show(target.shape)}`, {
    argument: 'classWeight',
    got: target.shape,
  });
}

/** The losses of a batch, one an example, whatever the loss averages over. */
type Unreduced = (output: Tensor, target: Tensor) => Tensor;

/** What modules of nn keep their options in. */
type WithOptions = Module & { options?: { reduction?: string } };

function unreduced(loss: Loss): { losses: Unreduced; sums: boolean } {
  if (typeof loss === 'string') {
    const { fn, elementwise } = named(loss);
    const losses: Unreduced = (output, target) =>
      fn(output, elementwise ? fitTarget(output, target) : target, { reduction: 'none' });
    return { losses, sums: false };
  }
  if (!isInstance(loss, Module)) return { losses: watched(loss), sums: false };
  const { options } = loss as WithOptions;
  if (typeof options !== 'object' || !Object.values(nnLosses).some((type) => loss.constructor === type))
    return { losses: (output, target) => loss.forward(output as never, target as never) as Tensor, sums: false };
  const copy = Object.assign(Object.create(Object.getPrototypeOf(loss)), loss, {
    options: { ...options, reduction: 'none' },
  }) as Module;
  return {
    losses: (output, target) => copy.forward(output as never, target as never) as Tensor,
    sums: options.reduction === 'sum',
  };
}

/** Σ wᵢ·lossᵢ / N, wᵢ the weight of the example times that of its class, as Keras does. */
function weighted(loss: Loss, classWeights: Tensor | null): BatchLoss {
  const op = 'Trainer';
  const { losses, sums } = unreduced(loss);
  const takesProbabilities = loss === 'crossEntropy' || isInstance(loss, nnLosses.CrossEntropyLoss);
  return (output, target, sampleWeights) => {
    const each = losses(output, target);
    const rows = target.shape[0] ?? 1;
    if (each.ndim === 0 || each.shape[0] !== rows) {
      refuse(
        ArgumentError,
        op,
        `weights need a loss for each example: give a loss by name, one of nn, or a function that gives [N, …]; got ${show(each.shape)}`,
        { argument: 'loss', got: each.shape, expected: [rows] },
      );
    }
    let perExample = each;
    if (each.ndim > 1) perExample = sums ? each.flatten(1).sum(1) : each.flatten(1).mean(1);
    if (classWeights !== null) {
      const classes = classesOf(op, target, takesProbabilities).flatten();
      const others = classWeights.shape[0]! - 1;
      perExample = perExample.mul(classWeights.indexSelect(0, classes.clamp(0, others).to('int32')));
    }
    if (sampleWeights !== undefined) perExample = perExample.mul(sampleWeights);
    return sums ? perExample.sum() : perExample.mean();
  };
}

function named(loss: string): NamedLoss {
  const op = 'Trainer';
  if (Object.hasOwn(LOSSES, loss)) return LOSSES[loss]!;
  refuse(ArgumentError, op, `unknown loss ${loss} (known: ${Object.keys(LOSSES).join(', ')})`, {
    argument: 'loss',
    got: loss,
  });
}

/**
 * The function of a loss.
 *
 * @param classWeights factor of each class, the last one of all others; or null
 * @param hasWeights whether examples have weights
 */
export function lossFunction(loss: Loss, classWeights: Tensor | null, hasWeights = false): BatchLoss {
  const op = 'Trainer';
  if (typeof loss !== 'string' && !isInstance(loss, Module) && typeof loss !== 'function') {
    refuse(ArgumentError, op, 'loss must be a name, a loss module or a function', { argument: 'loss', got: loss });
  }
  if (classWeights !== null || hasWeights) return weighted(loss, classWeights);
  if (typeof loss === 'string') {
    const { fn, elementwise } = named(loss);
    return (output, target) => fn(output, elementwise ? fitTarget(output, target) : target, { reduction: 'mean' });
  }
  const raw: Unreduced = isInstance(loss, Module)
    ? (output, target) => loss.forward(output as never, target as never) as Tensor
    : watched(loss);
  return (output, target) => {
    const value = raw(output, target);
    return value.numel === 1 ? value : value.mean();
  };
}

/** How outputs of a model with this loss tell classes. */
export function readingOf(loss: Loss): Reading {
  const isLogits = loss === 'bceWithLogits' || isInstance(loss, nnLosses.BCEWithLogitsLoss);
  const isBinary =
    isLogits || isInstance(loss, nnLosses.BCELoss) || (typeof loss === 'string' && named(loss) === BY_CLASS.bce);
  return { threshold: isLogits ? 0 : 0.5, isOneHot: !isBinary };
}
