/** Changes in place: the result of an operation is written over its first operand, and autograd knows. */
import { ArgumentError, AutogradError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor, copyInto, viewOf } from '../emit/emit.ts';
import { isGradEnabled } from '../tape/mode.ts';
import { planWrite, repeatsElements } from '../tape/views.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { restate, watching } from '../tensor/watch.ts';
import { compose } from './compose.ts';
import type { Operand } from './operands.ts';

/** The same elements without history. */
export function detach(x: Tensor): Tensor {
  return restate('identity', [x], viewOf(x, x.shape, x.strides));
}

/** x as a factor of a product or quotient in place: a copy where the gradient of the other operand needs what x held before. */
export function factorOf(x: Tensor, other: Operand): Tensor {
  return isGradEnabled() && isTensor(other) && other.requiresGrad ? x.clone() : x;
}

/** Refuses to write to a tensor several of whose elements are at one address. */
export function checkWritable(op: string, x: Tensor): void {
  if (repeatsElements(x))
    refuse(
      ArgumentError,
      op,
      `the tensor ${show(x.shape)} repeats its elements (expand), so they cannot be written one by one; clone() it first`,
      { argument: 'input', got: x.strides },
    );
}

/**
 * Runs `compute` and writes its result into x. Values that autograd saved from this memory are marked as changed. Where x or the result
 * is part of the graph, x and all views of the same elements become part of it. With `isUniform`, the result is the same for all
 * elements, and several of them may be at one address.
 */
export function inPlace<T extends Tensor>(op: string, x: T, compute: () => Tensor, isUniform = false): T {
  const recording = isGradEnabled();
  if (recording && x.requiresGrad && x.isLeaf) {
    refuse(AutogradError, op, 'a leaf that requires grad can be changed only inside noGrad()');
  }
  if (!isUniform) checkWritable(op, x);
  compose(() => {
    const result = compute();
    commonExecutor(op, x, result);
    if (result.dtype !== x.dtype) {
      refuse(DTypeError, op, `the result is ${result.dtype}, which does not fit into a tensor of ${x.dtype}`, {
        got: result.dtype,
        expected: x.dtype,
      });
    }
    if (!sameShape(result.shape, x.shape)) {
      refuse(ShapeError, op, `the result's shape ${show(result.shape)} is not the tensor's, ${show(x.shape)}`, {
        got: result.shape,
        expected: x.shape,
      });
    }
    const follow = recording ? planWrite(op, x, result) : null;
    watching?.changed(op, x, result);
    x.storage.willChange();
    copyInto(result, x);
    x.storage.version++;
    follow?.();
  });
  return x;
}
