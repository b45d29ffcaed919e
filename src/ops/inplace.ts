/** Changes in place: the result of an operation written over its first operand, with autograd kept honest. */
import { AutogradError, DTypeError, ShapeError } from '../../bindings/errors.ts';
import { isGradEnabled } from '../autograd/mode.ts';
import { record } from '../autograd/record.ts';
import { commonExecutor, copyInto, viewOf } from '../program/emit.ts';
import { restate, watching } from '../program/watch.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { compose, type Operand } from './arithmetic.ts';

/** The same elements without history. */
export function detach(x: Tensor): Tensor {
  return restate('identity', [x], viewOf(x, x.shape, x.strides));
}

/** x for a product or quotient in place: a copy where the gradient of the operand will ask what x held before. */
export function factorOf(x: Tensor, other: Operand): Tensor {
  return isGradEnabled() && typeof other !== 'number' && other.requiresGrad ? x.clone() : x;
}

/**
 * Runs `compute` and writes its result into x. Values that autograd saved from this memory are marked as changed. If x is
 * not a leaf and the result is part of the graph, x takes over the result's history.
 */
export function inPlace<T extends Tensor>(op: string, x: T, compute: () => Tensor): T {
  const recording = isGradEnabled();
  if (recording && x.requiresGrad && x.isLeaf) {
    throw new AutogradError(`${op}: a leaf that requires grad can be changed only inside noGrad()`, { op });
  }
  const isShared = x.storage.handles > 1 || x.storage.length !== x.numel;
  compose(() => {
    const result = compute();
    commonExecutor(op, x, result);
    if (result.dtype !== x.dtype) {
      throw new DTypeError(`${op}: the result is ${result.dtype}, which does not fit into a tensor of ${x.dtype}`, {
        op,
        got: result.dtype,
        expected: x.dtype,
      });
    }
    if (!sameShape(result.shape, x.shape)) {
      throw new ShapeError(`${op}: the result's shape ${show(result.shape)} is not the tensor's, ${show(x.shape)}`, {
        op,
        got: result.shape,
        expected: x.shape,
      });
    }
    if (recording && (x.requiresGrad || result.requiresGrad) && isShared) {
      throw new AutogradError(
        `${op}: a tensor that shares its elements with others (views, detach) cannot be changed in place while gradients are recorded`,
        { op },
      );
    }
    watching?.changed(op, x, result);
    copyInto(result, x);
    x.storage.version++;
    // What replaces all elements of x ends the way back to what they were made of.
    if (recording && x.requiresGrad && result.variable === null) record('step', [x], result);
    if (recording && result.variable !== null) x.setVariable(result.variable);
  });
  return x;
}
