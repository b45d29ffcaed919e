/** Embedding: rows of a table, with the gradient added to those rows alone, and what its options need. */
import { encodeAddRows } from '../../bindings/generated/encode.ts';
import type { Context } from '../autograd/engine.ts';
import { isGradEnabled } from '../autograd/mode.ts';
import { record } from '../autograd/record.ts';
import type { EmbeddingAttributes } from '../autograd/rules/embedding.ts';
import { dense, done, fillWith, viewOf } from '../program/emit.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { constant } from './create.ts';
import { indexAddTo, takeRowsAlong } from './select.ts';

/** weight[index]: [index.numel, dim]. */
export function embeddingRows(weight: Tensor, index: Tensor, attributes: EmbeddingAttributes): Tensor {
  return record('embedding', [weight, index], takeRowsAlong('embedding', weight, 0, index), attributes);
}

/** How often index[j] is in index, for every j: [index.numel, 1]. */
export function rowCounts(index: Tensor, rows: number): Tensor {
  const ones = constant(index.executor, [index.numel, 1], 1);
  return takeRowsAlong('embedding', indexAddTo(rows, 0, index, ones), 0, index);
}

/** weight[index[j]] += g[j], in place. */
export function addToRows(weight: Tensor, index: Tensor, g: Tensor): void {
  const list = dense(index);
  const [size, inner] = weight.shape as [number, number];
  const { executor } = weight;
  encodeAddRows(executor.program, {
    g: g.address,
    index: list.address,
    y: weight.address,
    outer: 1,
    size,
    count: index.numel,
    inner,
  });
  executor.run();
  weight.storage.version++;
  done(list, index);
}

/** Gradient of the table: zeros, and the gradients of the rows looked up. */
export function embeddingGradient(g: Tensor, c: Context<EmbeddingAttributes>): Tensor {
  const { padding, scaleGradByFreq } = c.attributes;
  const index = c.input(1);
  const [rows, dim] = c.shape(0) as [number, number];
  const scaled = scaleGradByFreq ? g.div(rowCounts(index, rows)) : g;
  if (padding === null) return indexAddTo(rows, 0, index, scaled);
  if (isGradEnabled()) return indexAddTo(rows, 0, index, scaled.mul(index.ne(padding).to('float32').unsqueeze(1)));
  const gradient = indexAddTo(rows, 0, index, scaled);
  const row = viewOf(gradient, [dim], [1], gradient.offset + padding * dim);
  fillWith(row, 0);
  row.dispose();
  return gradient;
}
