/**
 * Products of vectors and matrices. In float32 they are one command, `gemm`, which reads its operands through strides: transposes cost
 * nothing.
 */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor, done, emitGemm, type Matrices, materialize } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import type { FitsInput, LinearShape, Multiplies, Product } from '../tensor/knownShapes.ts';
import { broadcastShapes, broadcastStrides, numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkFloat, checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { hasDims, type TensorOf } from './sizes.ts';

/** Products take two float32 tensors or, slower, two of int32. */
function checkPair(op: string, a: Tensor, b: Tensor): void {
  checkTensor(op, 'input', a);
  checkTensor(op, 'other', b);
  if (a.dtype === 'int32' && b.dtype === 'int32') return;
  checkFloat(op, 'input', a);
  checkFloat(op, 'other', b);
}

function refuseInner(op: string, a: Tensor, b: Tensor): never {
  refuse(ShapeError, op, `inner sizes differ: ${show(a.shape)} × ${show(b.shape)}`, { got: [a.shape, b.shape] });
}

/** The one stride between matrices of a batch that is stretched to `batch`; null if there are several. */
function batchStride(x: Tensor, batch: Shape): number | null {
  const lead = x.ndim - 2;
  const strides = broadcastStrides(x.shape.slice(0, lead), x.strides.slice(0, lead), batch);
  let stride = 0;
  let size = 1;
  for (let i = batch.length - 1; i >= 0; i--) {
    const count = batch[i]!;
    if (count === 1) continue;
    if (size === 1) stride = strides[i]!;
    else if (strides[i] !== stride * size) return null;
    size *= count;
  }
  return stride;
}

function matrices(x: Tensor, batch: Shape): Matrices {
  const rowStride = x.strides[x.ndim - 2]!;
  const colStride = x.strides[x.ndim - 1]!;
  const stride = batch.length === 0 ? 0 : batchStride(x, batch);
  if (stride !== null) return { tensor: x, rowStride, colStride, batchStride: stride };
  const shape = [...batch, ...x.shape.slice(-2)];
  const copy = materialize(x.expand(shape));
  return {
    tensor: copy,
    rowStride: copy.strides[copy.ndim - 2]!,
    colStride: 1,
    batchStride: copy.strides[copy.ndim - 3]!,
  };
}

function batchShape(op: string, a: Tensor, b: Tensor): Shape {
  try {
    return broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
  } catch {
    refuse(ShapeError, op, `batches do not broadcast: ${show(a.shape)} × ${show(b.shape)}`, {
      got: [a.shape, b.shape],
    });
  }
}

/** a·b of int32: all products, then their sums. They wrap. */
function integerProduct(a: Tensor, b: Tensor): Tensor {
  return compose(() => a.unsqueeze(-1).mul(b.unsqueeze(-3)).sum(-2));
}

const NO_BATCH: Shape = [];

/** a·b for tensors of at least two dimensions, the leading ones broadcast. */
function product(op: string, a: Tensor, b: Tensor): Tensor {
  const m = a.shape[a.ndim - 2]!;
  const k = a.shape[a.ndim - 1]!;
  const n = b.shape[b.ndim - 1]!;
  if (k !== b.shape[b.ndim - 2]) refuseInner(op, a, b);
  commonExecutor(op, a, b);
  const batch = a.ndim === 2 && b.ndim === 2 ? NO_BATCH : batchShape(op, a, b);
  if (a.dtype === 'int32') return integerProduct(a, b);
  const left = matrices(a, batch);
  const right = matrices(b, batch);
  const y = emitGemm(
    left,
    right,
    null,
    { batch: numelOf(batch), m, n, k },
    batch === NO_BATCH ? [m, n] : [...batch, m, n],
  );
  done(left.tensor, a);
  done(right.tensor, b);
  return record('matmul', [a, b], y);
}

/**
 * Matrix product, as in NumPy and PyTorch: vector·vector gives a number, matrix·vector a vector, and dimensions before the last two are
 * batches, which broadcast. Two int32 tensors give int32.
 *
 * @throws ShapeError if the inner sizes differ
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray(); // [3, 7]
 */
export function matmul<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & Multiplies<A, B>,
): Tensor<Product<A, B>>;
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) noMore('matmul', 2, arguments);
  checkPair('matmul', a, b);
  if (a.ndim === 0 || b.ndim === 0) {
    refuse(
      ShapeError,
      'matmul',
      `both operands need at least one dimension, got ${show(a.shape)} and ${show(b.shape)}`,
      { got: [a.shape, b.shape] },
    );
  }
  if (a.shape[a.ndim - 1] !== b.shape[Math.max(0, b.ndim - 2)]) refuseInner('matmul', a, b);
  if (a.ndim >= 2 && b.ndim >= 2) {
    // A batch times one matrix is one tall product.
    if (a.ndim > 2 && hasDims(b, 2) && a.contiguous) {
      return compose(() => {
        const rows = product('matmul', a.flatten(0, -2), b);
        return restate('matmul', [a, b], rows.reshape([...a.shape.slice(0, -1), b.shape[1]]));
      });
    }
    return product('matmul', a, b);
  }
  return compose(() => {
    const y = product('matmul', a.ndim === 1 ? a.unsqueeze(0) : a, b.ndim === 1 ? b.unsqueeze(1) : b);
    const rows = b.ndim === 1 ? y.squeeze(-1) : y;
    return restate('matmul', [a, b], a.ndim === 1 ? rows.squeeze(b.ndim === 1 ? -1 : -2) : rows);
  });
}

/**
 * Products of matrices, pair by pair: [b, m, k] × [b, k, n] → [b, m, n].
 *
 * @throws ShapeError where they are not three-dimensional, or their sizes do not fit
 * @example
 * bmm(randn(8, 2, 3), randn(8, 3, 4)).shape; // [8, 2, 4]
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) noMore('bmm', 2, arguments);
  checkPair('bmm', a, b);
  if (a.ndim !== 3 || b.ndim !== 3 || a.shape[0] !== b.shape[0]) {
    refuse(ShapeError, 'bmm', `expected [b,m,k] and [b,k,n], got ${show(a.shape)} and ${show(b.shape)}`, {
      got: [a.shape, b.shape],
    });
  }
  return product('bmm', a, b);
}

/**
 * Σ aᵢ·bᵢ of two vectors.
 *
 * @throws ShapeError unless they are vectors of one length
 * @example
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) noMore('dot', 2, arguments);
  checkPair('dot', a, b);
  if (a.ndim !== 1 || b.ndim !== 1 || a.numel !== b.numel) {
    refuse(ShapeError, 'dot', `expected two vectors of one length, got ${show(a.shape)} and ${show(b.shape)}`, {
      got: [a.shape, b.shape],
    });
  }
  return matmul(a, b);
}

/**
 * The matrix aᵢ·bⱼ of two vectors: [m], [n] → [m, n].
 *
 * @throws ShapeError unless both are vectors
 * @example
 * outer(tensor([1, 2]), tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) noMore('outer', 2, arguments);
  checkPair('outer', a, b);
  if (a.ndim !== 1 || b.ndim !== 1) {
    refuse(ShapeError, 'outer', `expected two vectors, got ${show(a.shape)} and ${show(b.shape)}`, {
      got: [a.shape, b.shape],
    });
  }
  return compose(() => product('outer', a.unsqueeze(1), b.unsqueeze(0)));
}

/**
 * x·Wᵀ + b as one command: x [..., in], weight [out, in], bias [out].
 *
 * @throws ShapeError if the sizes do not fit
 * @example
 * F.linear(randn(64, 784), randn(128, 784), zeros(128)).shape; // [64, 128]
 */
export function linear<X extends Shape, W extends Shape>(
  x: Tensor<X>,
  weight: Tensor<W> & FitsInput<X, W>,
  bias?: Tensor | null,
): Tensor<LinearShape<X, W>>;
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (arguments.length > 3) noMore('linear', 3, arguments);
  checkFloat('linear', 'input', x);
  checkFloat('linear', 'weight', weight);
  if (!hasDims(weight, 2))
    refuse(ShapeError, 'linear', `weight must be [out,in], got ${show(weight.shape)}`, {
      argument: 'weight',
      got: weight.shape,
    });
  const [n, k] = weight.shape;
  if (x.ndim === 0 || x.shape[x.ndim - 1] !== k) {
    refuse(
      ShapeError,
      'linear',
      `input ${show(x.shape)} must end in the weight's ${k} input features, weight is ${show(weight.shape)}`,
      { argument: 'input', got: x.shape, expected: weight.shape },
    );
  }
  if (bias !== null) {
    checkFloat('linear', 'bias', bias);
    if (bias.ndim !== 1 || bias.numel !== n) {
      refuse(ShapeError, 'linear', `bias must be [${n}], got ${show(bias.shape)}`, {
        argument: 'bias',
        got: bias.shape,
        expected: [n],
      });
    }
  }
  if (x.ndim === 2) return linear2d(x, weight, bias);
  return compose(() => {
    const rows = linear2d(x.ndim === 1 ? x.unsqueeze(0) : x.flatten(0, -2), weight, bias);
    return restate('linear', [x, weight, bias], rows.reshape([...x.shape.slice(0, -1), n]));
  });
}

function linear2d(x: Tensor, weight: TensorOf<2>, bias: Tensor | null): Tensor {
  commonExecutor('linear', x, weight, ...(bias === null ? [] : [bias]));
  const m = x.shape[0]!;
  const [n, k] = weight.shape;
  const flatBias = bias === null || bias.contiguous ? bias : materialize(bias);
  const y = emitGemm(
    { tensor: x, rowStride: x.strides[0]!, colStride: x.strides[1]!, batchStride: 0 },
    { tensor: weight, rowStride: weight.strides[1]!, colStride: weight.strides[0]!, batchStride: 0 },
    flatBias,
    { batch: 1, m, n, k },
    [m, n],
  );
  if (flatBias !== null && bias !== null) done(flatBias, bias);
  return record('linear', bias === null ? [x, weight] : [x, weight, bias], y);
}
