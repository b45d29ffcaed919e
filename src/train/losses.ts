/** Losses by name, and what the classes of a batch weigh. */
import { ArgumentError } from '../../bindings/errors.ts';
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
} from '../functional/index.ts';
import { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** From what the model gives and what it should have given to one number. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

interface NamedLoss {
  fn: (output: Tensor, target: Tensor, options: { reduction: 'mean' | 'none' }) => Tensor;
  /** Whether targets are numbers like the outputs (and not class indices). */
  elementwise: boolean;
}

const numbers = (fn: NamedLoss['fn']): NamedLoss => ({ fn, elementwise: true });
const classes = (fn: NamedLoss['fn']): NamedLoss => ({ fn, elementwise: false });

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

/** Σ wᵢ·lossᵢ / N, wᵢ the weight of the example's class: Keras's class weights. */
function weighted({ fn, elementwise }: NamedLoss, weights: Tensor): LossFunction {
  return (output, target) => {
    const losses = fn(output, elementwise ? fitTarget(output, target) : target, { reduction: 'none' });
    const perExample = losses.ndim > 1 ? losses.flatten(1).mean(1) : losses;
    const classes = target.dtype === 'int32' ? target : target.to('int32');
    return perExample.mul(weights.indexSelect(0, classes.flatten())).mean();
  };
}

/**
 * The function of a loss.
 *
 * @param weights factor of each class [C], or null
 */
export function lossFunction(loss: Loss, weights: Tensor | null): LossFunction {
  const op = 'Trainer';
  if (typeof loss === 'string') {
    const named = Object.hasOwn(LOSSES, loss) ? LOSSES[loss] : undefined;
    if (named === undefined) {
      throw new ArgumentError(`${op}: unknown loss ${loss} (known: ${Object.keys(LOSSES).join(', ')})`, {
        op,
        argument: 'loss',
        got: loss,
      });
    }
    if (weights !== null) return weighted(named, weights);
    const { fn, elementwise } = named;
    return (output, target) => fn(output, elementwise ? fitTarget(output, target) : target, { reduction: 'mean' });
  }
  if (weights !== null) {
    throw new ArgumentError(`${op}: classWeight needs a loss by name; give the weights to your loss instead`, {
      op,
      argument: 'classWeight',
    });
  }
  if (loss instanceof Module) return (output, target) => loss.forward(output as never, target as never) as Tensor;
  if (typeof loss === 'function') return loss;
  throw new ArgumentError(`${op}: loss must be a name, a loss module or a function`, {
    op,
    argument: 'loss',
    got: loss,
  });
}
