/** Losses by name, and how weights of classes and examples apply to them. */
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
import { applied } from './applied.ts';
import type { Reading } from './metrics.ts';

/**
 * From outputs and targets to one number, or to one number per example [N], whose mean is taken. The trainer applies weights of
 * examples, for which it needs one number per example.
 */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** The loss of a batch, whose examples may have weights [N]. */
export type BatchLoss = (output: Tensor, target: Tensor, sampleWeights?: Tensor) => Tensor;

interface NamedLoss {
  fn: (output: Tensor, target: Tensor, options: { reduction: 'mean' | 'none' }) => Tensor;
  /** Whether targets are numbers like the outputs (and not class indices). */
  elementwise: boolean;
}

/** A loss function that warns about outputs that it is not made for. */
function watched<A extends [output: Tensor, ...others: unknown[]]>(fn: (...args: A) => Tensor): (...args: A) => Tensor {
  return (...args) => {
    checkLossInput(fn, args[0]);
    return fn(...args);
  };
}

const numbers = (fn: NamedLoss['fn']): NamedLoss => ({ fn: watched(fn), elementwise: true });
const classes = (fn: NamedLoss['fn']): NamedLoss => ({ fn: watched(fn), elementwise: false });

/** All losses that take one output and one target, by the names of their classes in nn without `Loss`. */
const BY_CLASS = {
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

/** By those names, by the names of functions, and by Keras's names for the same losses. */
const LOSSES = new Map<string, NamedLoss>(
  Object.entries({
    ...BY_CLASS,
    mseLoss: BY_CLASS.mse,
    meanSquaredError: BY_CLASS.mse,
    mae: BY_CLASS.l1,
    meanAbsoluteError: BY_CLASS.l1,
    binaryCrossEntropy: BY_CLASS.bce,
    binaryCrossentropy: BY_CLASS.bce,
  }),
);

/** A loss by name, a loss such as `new nn.MSELoss()`, or a function. */
export type Loss = string | Module | LossFunction;

/** Targets of an elementwise loss in the form of the output: float32, with a last dimension of 1 if the output has one. */
function fitTarget(output: Tensor, target: Tensor): Tensor {
  const floats = target.dtype === 'float32' ? target : target.to('float32');
  const isColumn = output.ndim === floats.ndim + 1 && output.shape[output.ndim - 1] === 1;
  return isColumn ? floats.unsqueeze(-1) : floats;
}

/**
 * The classes of targets: class numbers [N] or [N, 1], or probabilities [N, C], of which the largest counts.
 *
 * @throws ShapeError if an example has several targets that are not probabilities of classes
 */
export function classesOf(op: string, target: Tensor, takesProbabilities: boolean): Tensor {
  const perExample = target.numel / (target.shape[0] || 1);
  if (perExample === 1 || target.ndim < 2) return target.dtype === 'int32' ? target : target.to('int32');
  if (takesProbabilities && target.ndim === 2 && target.dtype === 'float32') return target.argmax(1);
  refuse(ShapeError, op, `classWeight needs one class per example; targets are ${show(target.shape)}`, {
    argument: 'classWeight',
    got: target.shape,
  });
}

/** Where modules of nn keep their options. */
type WithOptions = Module & { options?: { reduction?: string } };

/** A loss as a function. */
function callable(loss: Module | LossFunction): LossFunction {
  if (!isInstance(loss, Module)) return watched(loss);
  return (output, target) => applied(loss, [output, target]) as Tensor;
}

/** The losses of a batch, one for each example, and whether the loss is their sum rather than their mean. */
function unreduced(loss: Loss): { losses: LossFunction; sums: boolean } {
  if (typeof loss === 'string') return { losses: reducing(named(loss), 'none'), sums: false };
  const options = isInstance(loss, Module) ? (loss as WithOptions).options : undefined;
  if (typeof options !== 'object' || !Object.values(nnLosses).some((type) => loss.constructor === type))
    return { losses: callable(loss), sums: false };
  const copy: Module = Object.assign(Object.create(Object.getPrototypeOf(loss)), loss, {
    options: { ...options, reduction: 'none' },
  });
  return { losses: callable(copy), sums: options.reduction === 'sum' };
}

/** Σ wᵢ·lossᵢ / N, where wᵢ is the weight of the example times that of its class, as in Keras. */
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
        `weights need a loss for each example: use a loss by name, one of nn, or a function that gives [N, …]; got ${show(each.shape)}`,
        { argument: 'loss', got: each.shape, expected: [rows] },
      );
    }
    let perExample = each;
    if (each.ndim > 1) perExample = sums ? each.flatten(1).sum(1) : each.flatten(1).mean(1);
    if (classWeights !== null) {
      const classes = classesOf(op, target, takesProbabilities).flatten();
      const others = classWeights.numel - 1;
      perExample = perExample.mul(classWeights.indexSelect(0, classes.clamp(0, others).to('int32')));
    }
    if (sampleWeights !== undefined) perExample = perExample.mul(sampleWeights);
    return sums ? perExample.sum() : perExample.mean();
  };
}

function named(loss: string): NamedLoss {
  const known = LOSSES.get(loss);
  if (known !== undefined) return known;
  refuse(ArgumentError, 'Trainer', `unknown loss ${loss} (known: ${[...LOSSES.keys()].join(', ')})`, {
    argument: 'loss',
    got: loss,
  });
}

function reducing({ fn, elementwise }: NamedLoss, reduction: 'mean' | 'none'): LossFunction {
  return (output, target) => fn(output, elementwise ? fitTarget(output, target) : target, { reduction });
}

/**
 * The function of a loss.
 *
 * @param classWeights factor of each class, then one for all other classes; or null
 * @param hasWeights whether examples have weights
 */
export function lossFunction(loss: Loss, classWeights: Tensor | null, hasWeights = false): BatchLoss {
  const op = 'Trainer';
  if (typeof loss !== 'string' && !isInstance(loss, Module) && typeof loss !== 'function') {
    refuse(ArgumentError, op, 'loss must be a name, a loss module or a function', { argument: 'loss', got: loss });
  }
  if (classWeights !== null || hasWeights) return weighted(loss, classWeights);
  if (typeof loss === 'string') return reducing(named(loss), 'mean');
  const raw = callable(loss);
  return (output, target) => {
    const value = raw(output, target);
    return value.numel === 1 ? value : value.mean();
  };
}

/** How classes are read from the outputs of a model with this loss. */
export function readingOf(loss: Loss): Reading {
  const isLogits = loss === 'bceWithLogits' || isInstance(loss, nnLosses.BCEWithLogitsLoss);
  const isBinary =
    isLogits || isInstance(loss, nnLosses.BCELoss) || (typeof loss === 'string' && named(loss) === BY_CLASS.bce);
  return { threshold: isLogits ? 0 : 0.5, isOneHot: !isBinary };
}
