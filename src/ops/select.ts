/** Entries of a dimension by their indices, and the way back for their gradients. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { encodeAddRows, encodeTakeRows } from '../../bindings/generated/encode.ts';
import { commonExecutor, dense, done, empty, fillWith, sectionsOf } from '../emit/emit.ts';
import { checkValues } from '../emit/values.ts';
import { noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import { normalizeDim, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { indexTensor, isNumberList, type NumberList } from './lists.ts';

/** Refuses what is not an index into `size` elements. */
export function checkIndex(op: string, index: Tensor, size: number, argument = 'index'): void {
  checkTensor(op, argument, index);
  if (index.dtype !== 'int32')
    refuse(DTypeError, op, `${argument} must be int32, got ${index.dtype}`, {
      argument,
      got: index.dtype,
      expected: 'int32',
    });
  if (size === 0 && index.numel > 0)
    refuse(ArgumentError, op, `index [${index.shape}] into a dimension of size 0`, { argument });
  checkValues(index, {
    dtype: 'int32',
    low: 0,
    high: size - 1,
    name: `${op} ${argument}`,
    refuse: (value) =>
      new ArgumentError(`${op}: index ${value} is out of range, expected 0 to ${size - 1}`, {
        op,
        argument,
        got: value,
        expected: [0, size - 1],
      }),
  });
}

/**
 * The entries of a dimension that `index` (int32, or an array of whole numbers) names, in its order.
 *
 * @throws ArgumentError where an index is out of range, ShapeError unless `index` is a vector, DTypeError unless it is int32
 * @example
 * indexSelect(tensor([[1, 2], [3, 4]]), 0, [1, 1]).toArray(); // [[3, 4], [3, 4]]
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor | NumberList): Tensor {
  if (arguments.length > 3) noMore('indexSelect', 3, arguments);
  checkTensor('indexSelect', 'input', x);
  if (isNumberList(index)) return compose(() => indexSelect(x, dim, indexTensor('indexSelect', 'index', index, x)));
  const at = normalizeDim('indexSelect', dim, x.ndim);
  checkTensor('indexSelect', 'index', index);
  if (index.ndim > 1)
    refuse(ShapeError, 'indexSelect', `index must have one dimension, got ${show(index.shape)}`, {
      argument: 'index',
      got: index.shape,
    });
  if (x.ndim === 0 && index.numel !== 1)
    refuse(
      ShapeError,
      'indexSelect',
      `index must have one element for a tensor without dimensions, got ${show(index.shape)}`,
      { argument: 'index', got: index.shape },
    );
  return record('indexSelect', [x, index], takeRowsAlong('indexSelect', x, at, index), { dim: at });
}

/** The same without a record. */
export function takeRowsAlong(op: string, x: Tensor, at: number, index: Tensor): Tensor {
  checkTensor(op, 'index', index);
  const executor = commonExecutor(op, x, index);
  checkIndex(op, index, x.shape[at] ?? 1);
  const source = dense(x);
  const list = dense(index);
  const { outer, size, inner } = sectionsOf(x.shape, at);
  const y = empty(
    executor,
    x.shape.map((s, i) => (i === at ? index.numel : s)),
    x.dtype,
  );
  if (y.numel > 0) {
    encodeTakeRows(executor.program, {
      x: source.address,
      index: list.address,
      y: y.address,
      outer,
      size,
      count: index.numel,
      inner,
    });
    executor.run();
  }
  done(source, x);
  done(list, index);
  return y;
}

/** Zeros with `size` entries along dim, to which the entries of g are added where `index` says: the gradient of indexSelect. */
export function indexAddTo(size: number, dim: number, index: Tensor, g: Tensor): Tensor {
  const shape = g.shape.map((s, i) => (i === dim ? size : s));
  const { executor } = g;
  const y = empty(executor, shape, 'float32');
  fillWith(y, 0);
  const source = dense(g);
  const list = dense(index);
  const { outer, inner } = sectionsOf(shape, dim);
  if (source.numel > 0) {
    encodeAddRows(executor.program, {
      g: source.address,
      index: list.address,
      y: y.address,
      marks: 0,
      outer,
      size,
      count: index.numel,
      inner,
      first: 0,
    });
    executor.run();
  }
  done(source, g);
  done(list, index);
  return record('indexAdd', [g, index], y, { dim });
}
