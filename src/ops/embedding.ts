/** Rows of a table by index: embeddings, and one-hot vectors. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { valuesAtHand } from '../emit/values.ts';
import { checkOptions, checkRange, checkWhole, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { alongDim } from './create.ts';
import { indexTensor, isNumberList, type NumberList } from './lists.ts';
import { addToRows, embeddingRows, rowCounts } from './lookup.ts';
import { checkIndex } from './select.ts';
import { hasDims, type TensorOf } from './sizes.ts';

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. Default: none. */
  paddingIdx?: number;
  /** Rows looked up with a greater norm are first scaled down to it, in place. Default: no limit. */
  maxNorm?: number;
  /** The p of that norm. Default 2. */
  normType?: number;
  /** Divide each row's gradient by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
}

export const EMBEDDING_OPTIONS: OptionKinds<EmbeddingOptions> = {
  paddingIdx: VALUE,
  maxNorm: VALUE,
  normType: VALUE,
  scaleGradByFreq: FLAG,
};
/** PyTorch's guard against division by zero when it scales rows down. */
const NORM_EPSILON = 1e-7;

/** The row of the padding index, counted from the start, or null. */
export function paddingRow(op: string, paddingIdx: number | undefined, rows: number): number | null {
  if (paddingIdx === undefined) return null;
  if (!Number.isInteger(paddingIdx) || paddingIdx < -rows || paddingIdx >= rows) {
    refuse(ArgumentError, op, `paddingIdx must be a whole number from ${-rows} to ${rows - 1}, got ${paddingIdx}`, {
      argument: 'paddingIdx',
      got: paddingIdx,
    });
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

function checkIndices(op: string, input: Tensor): void {
  checkTensor(op, 'input', input);
  if (input.dtype !== 'int32') {
    refuse(DTypeError, op, `input must be int32 indices, got ${input.dtype}`, {
      argument: 'input',
      got: input.dtype,
      expected: 'int32',
    });
  }
}

/** Scales the rows of `weight` that `index` names down to maxNorm, each once. */
function renormalize(weight: TensorOf<2>, index: Tensor, maxNorm: number, p: number): void {
  noGrad(() =>
    compose(() => {
      const rows = weight.indexSelect(0, index);
      const norms = rows.norm(1, { p, keepdim: true });
      const scale = norms.add(NORM_EPSILON).reciprocal().mul(maxNorm).sub(1);
      const change = rows.mul(scale).mul(norms.gt(maxNorm).to('float32'));
      // A row that occurs twice gets half of its change twice.
      addToRows(weight, index, change.div(rowCounts(index, weight.shape[0])));
      return null;
    }),
  );
}

/**
 * The rows of `weight` [numEmbeddings, dim] that `input` (int32, any shape, or nested arrays) names: [...input.shape, dim].
 *
 * @throws ArgumentError if an index is out of range, under `compile` too
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 * @example
 * F.embedding([[1, 2], [0, 1]], randn(3, 4)).shape; // [2, 2, 4]
 */
export function embedding(input: Tensor | NumberList, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  if (arguments.length > 3) noMore('embedding', 3, arguments);
  const op = 'embedding';
  if (isNumberList(input)) {
    checkTensor(op, 'weight', weight);
    return compose(() => embedding(indexTensor(op, 'input', input, weight), weight, options));
  }
  checkIndices(op, input);
  checkTensor(op, 'weight', weight);
  checkOptions(op, options, EMBEDDING_OPTIONS);
  if (!hasDims(weight, 2) || weight.dtype !== 'float32') {
    refuse(ShapeError, op, `weight must be [numEmbeddings,dim], float32, got ${show(weight.shape)}, ${weight.dtype}`, {
      argument: 'weight',
      got: weight.shape,
    });
  }
  const { maxNorm, normType = 2, scaleGradByFreq = false } = options;
  const [rows, dim] = weight.shape;
  const padding = paddingRow(op, options.paddingIdx, rows);
  if (maxNorm !== undefined) {
    checkRange(op, 'maxNorm', maxNorm, 0);
    if (!weight.contiguous) refuse(ArgumentError, op, 'maxNorm needs a contiguous weight', { argument: 'weight' });
  }
  return compose(() => {
    const index = input.reshape([input.numel]);
    const lookUp = () => embeddingRows(weight, index, { padding, scaleGradByFreq });
    // The first lookup checks the indices before anything changes.
    if (maxNorm !== undefined && index.numel > 0) {
      noGrad(lookUp);
      renormalize(weight, index, maxNorm, normType);
    }
    const kind = maxNorm === undefined ? 'embedding' : 'embedding with maxNorm';
    return restate(kind, [weight, input], lookUp().reshape([...input.shape, dim]));
  });
}

/**
 * 1 at the position of each index and 0 elsewhere, int32: [...input.shape, numClasses]. numClasses is one more than the largest index
 * unless given.
 *
 * @example
 * F.oneHot([2, 0], 3).toArray(); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(input: Tensor | NumberList, numClasses?: number): Tensor {
  if (arguments.length > 2) noMore('oneHot', 2, arguments);
  const op = 'oneHot';
  if (isNumberList(input)) return compose(() => oneHot(indexTensor(op, 'input', input), numClasses));
  checkIndices(op, input);
  const given = numClasses === undefined ? valuesAtHand(input) : [];
  if (given === null) {
    refuse(ArgumentError, op, `numClasses must be given, the indices are on ${input.device}`, {
      argument: 'numClasses',
    });
  }
  const classes = numClasses ?? Array.from(given).reduce((most, i) => Math.max(most, i), -1) + 1;
  checkWhole(op, 'numClasses', classes, 1);
  checkIndex(op, input, classes, 'input');
  return compose(() =>
    alongDim(classes, input.ndim, input.ndim + 1, input.executor)
      .eq(input.unsqueeze(-1))
      .to('int32'),
  );
}
