/**
 * From tensors to commands: each function allocates its output, encodes one command (plus copies of operands that must
 * be contiguous) and runs it. The caller has checked shapes; autograd is not known here.
 */
import { floatBits } from '../../bindings/commands/program.ts';
import { DeviceError, refuse } from '../../bindings/errors.ts';
import type { DType, Executor } from '../../bindings/executor.ts';
import {
  Activation,
  ArgReduceFn,
  BinaryFn,
  encodeArgReduce,
  encodeBinary,
  encodeCopy,
  encodeCumsum,
  encodeFill,
  encodeGemm,
  encodeReduce,
  encodeSoftmax,
  encodeSoftmaxGrad,
  encodeUnary,
  encodeWhere,
  ReduceFn,
  UnaryFn,
} from '../../bindings/generated/encode.ts';
import { broadcastStrides, numelOf, type Shape, sameShape, stridesOf } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';

/** A new contiguous tensor, whose elements are whatever its memory holds. */
export function empty(executor: Executor, shape: Shape, dtype: DType): Tensor {
  return new Tensor(Storage.allocate(executor, numelOf(shape)), shape, stridesOf(shape), 0, dtype);
}

/** Another handle on a tensor's elements, in another shape. */
export function viewOf(x: Tensor, shape: Shape, strides: readonly number[], offset = x.offset): Tensor {
  return new Tensor(x.storage.retain(), shape, strides, offset, x.dtype);
}

/** The address of an operand that may be absent. */
export function addressOf(x: Tensor | null | undefined): number {
  return x?.address ?? 0;
}

/** The executor that all of these live on; throws if there are two. */
export function commonExecutor(op: string, x: Tensor, ...others: Tensor[]): Executor {
  const { executor } = x;
  for (const other of others) {
    if (other.executor !== executor) {
      refuse(DeviceError, op, `tensors live on two devices, ${x.device} and ${other.device}; move one with to()`, {
        got: [x.device, other.device],
      });
    }
  }
  return executor;
}

/** A contiguous copy. */
export function materialize(x: Tensor): Tensor {
  const y = empty(x.executor, x.shape, x.dtype);
  copyInto(x, y);
  return y;
}

/** x itself if it is contiguous, else a copy, which `done` disposes. */
export function dense(x: Tensor): Tensor {
  return x.contiguous ? x : materialize(x);
}

/** Disposes what `dense` copied. */
export function done(x: Tensor, original: Tensor): void {
  if (x !== original) x.dispose();
}

/** Where in the storage the first and the last element of a tensor are, if it has any. */
function extent({ shape, strides, offset }: Tensor): [first: number, last: number] {
  let [first, last] = [offset, offset];
  for (let i = 0; i < shape.length; i++) {
    const reach = (shape[i]! - 1) * strides[i]!;
    if (reach < 0) first += reach;
    else last += reach;
  }
  return [first, last];
}

/** Whether x and y, which both have elements, may have some in common. */
function overlaps(x: Tensor, y: Tensor): boolean {
  if (x.storage !== y.storage) return false;
  const [xFirst, xLast] = extent(x);
  const [yFirst, yLast] = extent(y);
  return xFirst <= yLast && yFirst <= xLast;
}

/** Copies x, stretched to y's shape, into y's elements, as if they did not overlap. */
export function copyInto(x: Tensor, y: Tensor): void {
  if (y.numel === 0) return;
  if (overlaps(x, y)) {
    const copy = materialize(x);
    copyInto(copy, y);
    copy.dispose();
    return;
  }
  const { executor } = y;
  const { shape } = y;
  encodeCopy(executor.program, {
    x: x.address,
    y: y.address,
    ndim: shape.length,
    shape,
    xStrides: sameShape(x.shape, shape) ? x.strides : broadcastStrides(x.shape, x.strides, shape),
    yStrides: y.strides,
  });
  executor.run();
}

/** Sets all elements of a contiguous tensor. */
export function fillWith(y: Tensor, value: number): void {
  if (y.numel === 0) return;
  const integer = y.dtype === 'float32' ? 0 : 1;
  encodeFill(y.executor.program, {
    y: y.address,
    n: y.numel,
    value: integer === 1 ? value : floatBits(value),
    integer,
  });
  y.executor.run();
}

/** fn of every element. p0 and p1 are bit patterns. */
export function emitUnary(fn: UnaryFn, x: Tensor, dtype: DType, p0 = 0, p1 = 0): Tensor {
  const { executor } = x;
  const input = dense(x);
  const y = empty(executor, x.shape, dtype);
  if (y.numel > 0) {
    encodeUnary(executor.program, { fn: UnaryFn[fn], x: input.address, y: y.address, n: y.numel, p0, p1 });
    executor.run();
  }
  done(input, x);
  watching?.note(fn, [x], [y], { p0, p1 });
  return y;
}

const ONE_STRIDE = [1];
const ZERO_STRIDE = [0];

/** fn of two tensors of one element type, stretched to `shape`, written to `y` (contiguous; it may be one of them). */
export function emitBinaryInto(fn: BinaryFn, a: Tensor, b: Tensor, y: Tensor): void {
  const n = y.numel;
  if (n === 0) return;
  const { executor } = y;
  const { shape } = y;
  const flat = a.contiguous && b.contiguous && a.numel === n && b.numel === n;
  encodeBinary(executor.program, {
    fn: BinaryFn[fn],
    a: a.address,
    b: b.address,
    y: y.address,
    scalar: 0,
    ndim: flat ? 1 : shape.length,
    shape: flat ? [n] : shape,
    aStrides: flat ? ONE_STRIDE : broadcastStrides(a.shape, a.strides, shape),
    bStrides: flat ? ONE_STRIDE : broadcastStrides(b.shape, b.strides, shape),
  });
  executor.run();
}

/** fn of two tensors of one element type, stretched to `shape`. */
export function emitBinary(fn: BinaryFn, a: Tensor, b: Tensor, shape: Shape, dtype: DType): Tensor {
  const y = empty(a.executor, shape, dtype);
  emitBinaryInto(fn, a, b, y);
  watching?.note(fn, [a, b], [y]);
  return y;
}

/** fn of a tensor and a number, given as bits; `reversed`: the number is the first operand. */
export function emitScalar(
  fn: BinaryFn,
  x: Tensor,
  scalar: number,
  reversed: boolean,
  dtype: DType,
  into?: Tensor,
): Tensor {
  const { executor } = x;
  const y = into ?? empty(executor, x.shape, dtype);
  const n = y.numel;
  watching?.note(fn, [x], [y], { scalar, reversed });
  if (n === 0) return y;
  const flat = x.contiguous;
  const address = x.address;
  const strides = flat ? ONE_STRIDE : x.strides;
  encodeBinary(executor.program, {
    fn: BinaryFn[fn],
    a: reversed ? 0 : address,
    b: reversed ? address : 0,
    y: y.address,
    scalar,
    ndim: flat ? 1 : x.shape.length,
    shape: flat ? [n] : x.shape,
    aStrides: reversed ? ZERO_STRIDE : strides,
    bStrides: reversed ? strides : ZERO_STRIDE,
  });
  executor.run();
  return y;
}

/** condition ? a : b, stretched to `shape`. */
export function emitWhere(condition: Tensor, a: Tensor, b: Tensor, shape: Shape): Tensor {
  const { executor } = a;
  const y = empty(executor, shape, a.dtype);
  if (y.numel > 0) {
    encodeWhere(executor.program, {
      condition: condition.address,
      a: a.address,
      b: b.address,
      y: y.address,
      ndim: shape.length,
      shape,
      conditionStrides: broadcastStrides(condition.shape, condition.strides, shape),
      aStrides: broadcastStrides(a.shape, a.strides, shape),
      bStrides: broadcastStrides(b.shape, b.strides, shape),
    });
    executor.run();
  }
  watching?.note('where', [condition, a, b], [y]);
  return y;
}

/** A contiguous tensor seen as [outer, size, inner]. */
export interface Sections {
  outer: number;
  size: number;
  inner: number;
}

/** The sections of `shape` around the dimensions first … last. */
export function sectionsOf(shape: Shape, first: number, last = first): Sections {
  let outer = 1;
  let size = 1;
  let inner = 1;
  for (let i = 0; i < shape.length; i++) {
    if (i < first) outer *= shape[i]!;
    else if (i <= last) size *= shape[i]!;
    else inner *= shape[i]!;
  }
  return { outer, size, inner };
}

/** fn over the middle section of a contiguous x. */
export function emitReduce(
  fn: ReduceFn,
  x: Tensor,
  { outer, size, inner }: Sections,
  shape: Shape,
  dtype: DType,
  scale = 1,
): Tensor {
  const { executor } = x;
  const y = empty(executor, shape, dtype);
  if (y.numel > 0) {
    encodeReduce(executor.program, { fn: ReduceFn[fn], x: x.address, y: y.address, outer, size, inner, scale });
    executor.run();
  }
  return y;
}

/** Index of the extreme element of the middle section of a contiguous x, and that element. */
export function emitArgReduce(
  fn: ArgReduceFn,
  x: Tensor,
  { outer, size, inner }: Sections,
  shape: Shape,
): { values: Tensor; indices: Tensor } {
  const { executor } = x;
  const values = empty(executor, shape, x.dtype);
  const indices = empty(executor, shape, 'int32');
  if (values.numel > 0) {
    encodeArgReduce(executor.program, {
      fn: ArgReduceFn[fn],
      x: x.address,
      values: values.address,
      indices: indices.address,
      outer,
      size,
      inner,
    });
    executor.run();
  }
  return { values, indices };
}

/** Running sums along the middle section of a contiguous x. */
export function emitCumsum(x: Tensor, { outer, size, inner }: Sections, reverse: boolean): Tensor {
  const { executor } = x;
  const y = empty(executor, x.shape, x.dtype);
  if (y.numel > 0) {
    const integer = x.dtype === 'float32' ? 0 : 1;
    encodeCumsum(executor.program, {
      x: x.address,
      y: y.address,
      outer,
      size,
      inner,
      reverse: reverse ? 1 : 0,
      integer,
    });
    executor.run();
  }
  return y;
}

/** (log-)softmax along the last dimension of a contiguous x. */
export function emitSoftmax(x: Tensor, log: boolean): Tensor {
  const y = empty(x.executor, x.shape, 'float32');
  if (y.numel > 0) {
    const cols = x.shape[x.shape.length - 1] ?? 1;
    encodeSoftmax(x.executor.program, { x: x.address, y: y.address, rows: y.numel / cols, cols, log: log ? 1 : 0 });
    x.executor.run();
  }
  return y;
}

/** Gradient of the above from its output. */
export function emitSoftmaxGrad(y: Tensor, g: Tensor, log: boolean): Tensor {
  const gx = empty(y.executor, y.shape, 'float32');
  if (gx.numel > 0) {
    const cols = y.shape[y.shape.length - 1] ?? 1;
    encodeSoftmaxGrad(y.executor.program, {
      y: y.address,
      g: g.address,
      gx: gx.address,
      rows: y.numel / cols,
      cols,
      log: log ? 1 : 0,
    });
    y.executor.run();
  }
  return gx;
}

/** A matrix or a batch of matrices inside a tensor. */
export interface Matrices {
  tensor: Tensor;
  rowStride: number;
  colStride: number;
  batchStride: number;
}

/** activation(a·b + bias) for `batch` pairs of matrices, m×k and k×n. */
export function emitGemm(
  a: Matrices,
  b: Matrices,
  bias: Tensor | null,
  { batch, m, n, k }: { batch: number; m: number; n: number; k: number },
  shape: Shape,
  activation: Activation = 'none',
): Tensor {
  const { executor } = a.tensor;
  const c = empty(executor, shape, 'float32');
  if (c.numel > 0) {
    encodeGemm(executor.program, {
      a: a.tensor.address,
      b: b.tensor.address,
      c: c.address,
      bias: bias === null ? 0 : bias.address,
      batch,
      m,
      n,
      k,
      aRow: a.rowStride,
      aCol: a.colStride,
      aBatch: a.batchStride,
      bRow: b.rowStride,
      bCol: b.colStride,
      bBatch: b.batchStride,
      cRow: n,
      cBatch: m * n,
      alpha: 1,
      beta: 0,
      activation: Activation[activation],
    });
    executor.run();
  }
  return c;
}
