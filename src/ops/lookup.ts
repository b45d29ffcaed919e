/** Embedding: rows of a table, with the gradient added to those rows only, and what its options need. */
import { encodeAddRows } from '../../bindings/generated/encode.ts';
import { dense, done, empty } from '../emit/emit.ts';
import type { Context, EmbeddingAttributes } from '../tape/primitives.ts';
import { record } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { constant } from './create.ts';
import { rowGradient } from './rowGradient.ts';
import { takeRowsAlong } from './select.ts';
import type { TensorOf } from './sizes.ts';

/** weight[index]: [index.numel, dim]. */
export function embeddingRows(weight: Tensor, index: Tensor, attributes: EmbeddingAttributes): Tensor {
  return record('embedding', [weight, index], takeRowsAlong('embedding', weight, 0, index), attributes);
}

/** How often index[j] occurs in index, for every j: [index.numel, 1]. Rows that do not occur are not counted. */
export function rowCounts(index: Tensor, rows: number): Tensor {
  const { executor } = index;
  const list = dense(index);
  const ones = constant(executor, [index.numel, 1], 1);
  const counts = empty(executor, [rows, 1], 'float32');
  const sizes = { outer: 1, size: rows, count: index.numel, inner: 1, first: 0 };
  for (const g of [0, ones.address]) {
    encodeAddRows(executor.program, { g, index: list.address, y: counts.address, marks: 0, ...sizes });
    executor.run();
  }
  done(list, index);
  return takeRowsAlong('embedding', counts, 0, index);
}

/** weight[index[j]] += g[j], in place. */
export function addToRows(weight: TensorOf<2>, index: Tensor, g: Tensor): void {
  const list = dense(index);
  const [size, inner] = weight.shape;
  const { executor } = weight;
  weight.storage.willChange();
  encodeAddRows(executor.program, {
    g: g.address,
    index: list.address,
    y: weight.address,
    marks: 0,
    outer: 1,
    size,
    count: index.numel,
    inner,
    first: 0,
  });
  executor.run();
  weight.storage.version++;
  done(list, index);
}

/** Gradient of the table: zeros, and the gradients of the rows looked up. */
export function embeddingGradient(g: Tensor, c: Context<EmbeddingAttributes>): Tensor | null {
  const { padding, scaleGradByFreq } = c.attributes;
  const index = c.input(1);
  const [rows = 0] = c.shape(0);
  return rowGradient(scaleGradByFreq ? g.div(rowCounts(index, rows)) : g, c, 0, index, padding);
}
