/** Multi-head attention. Parameters have PyTorch's names. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { attend, causalSummand, checkMask, maskSummand } from '../ops/attention.ts';
import { linear } from '../ops/functional.ts';
import { checkFloat, compose, zeros } from '../ops/index.ts';
import { checkOptions, checkRange, checkWhole, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import { type Shape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { optionTexts } from './describe.ts';
import { constant_, xavierUniform_ } from './init.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionOptions {
  /** In training, the share of the weights that becomes 0. Default 0. */
  dropout?: number;
  /** Add learned vectors to the projections. Default true. */
  bias?: boolean;
  /** Size of a key. Default: embedDim. */
  kdim?: number;
  /** Size of a value. Default: embedDim. */
  vdim?: number;
  /** The batch is the first dimension, the positions the second. Default false. */
  batchFirst?: boolean;
}

/** Masks of attention. */
export interface AttentionMasks {
  /** Keys to ignore, [N, S] (or [S]): bool, true means ignored, or float32, added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** What each query ignores, [L, S] or [N · heads, L, S]: bool, true means ignored, or float32, added to the scores. */
  attnMask?: Tensor | null;
  /** Each query sees only the keys up to its own position. Default false. */
  isCausal?: boolean;
}

/** Options of a call of `MultiheadAttention`. */
export interface AttentionCall extends AttentionMasks {
  /** Also return the weights. Default true. */
  needWeights?: boolean;
  /** Return the mean of the weights over the heads, not one matrix per head. Default true. */
  averageAttnWeights?: boolean;
}

/**
 * Multi-head attention: each head projects queries, keys and values to embedDim / numHeads numbers and computes
 * softmax(q·kᵀ/√d)·v; the concatenated outputs of the heads are projected once more (Vaswani et al. 2017).
 *
 * query [L, N, embedDim], key [S, N, kdim], value [S, N, vdim]; with `batchFirst` [N, L, embedDim] …; without a batch
 * [L, embedDim] …. Gives [out, weights]: out has the shape of query, weights [N, L, S] (with `averageAttnWeights: false`
 * [N, numHeads, L, S]) or null. A query for which all keys are ignored gives NaN.
 *
 * @throws ShapeError if the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 * @example
 * const attention = new nn.MultiheadAttention(16, 4, { batchFirst: true });
 * const x = randn(2, 5, 16);
 * const [out, weights] = attention.forward(x, x, x); // [2, 5, 16], [2, 5, 5]
 */
export class MultiheadAttention extends Module {
  /** @internal */ static override name = 'MultiheadAttention';

  /** Weights of the three projections, stacked: [3·embedDim, embedDim]; null where kdim or vdim is not embedDim. */
  declare in_proj_weight: Parameter | null;
  /** Weight of the queries' projection, [embedDim, embedDim], where kdim or vdim is not embedDim; else null. */
  declare q_proj_weight: Parameter | null;
  /** Weight of the keys' projection, [embedDim, kdim], where kdim or vdim is not embedDim; else null. */
  declare k_proj_weight: Parameter | null;
  /** Weight of the values' projection, [embedDim, vdim], where kdim or vdim is not embedDim; else null. */
  declare v_proj_weight: Parameter | null;
  /** Biases of the three projections, one after the other: [3·embedDim]; null without bias. */
  declare in_proj_bias: Parameter | null;
  /** The projection of the heads' outputs, embedDim to embedDim. */
  out_proj: Linear;
  /** Share of the attention weights that becomes 0 in training, 0 … 1. */
  readonly dropout: number;
  /** Size of a key. */
  readonly kdim: number;
  /** Size of a value. */
  readonly vdim: number;
  /** Whether the batch is the first dimension, not the second. */
  readonly batchFirst: boolean;

  constructor(
    /** Size of a query and of the output, ≥ 1; all heads together. */
    readonly embedDim: number,
    /** How many heads share it, ≥ 1; embedDim must be a multiple of it. */
    readonly numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    if (arguments.length > 3) noMore('MultiheadAttention', 3, arguments);
    super();
    const op = 'MultiheadAttention';
    checkWhole(op, 'embedDim', embedDim, 1);
    checkWhole(op, 'numHeads', numHeads, 1);
    checkOptions(op, options, { dropout: VALUE, bias: FLAG, kdim: VALUE, vdim: VALUE, batchFirst: FLAG });
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    checkRange(op, 'dropout', dropout, 0, 1);
    checkWhole(op, 'kdim', kdim, 1);
    checkWhole(op, 'vdim', vdim, 1);
    if (embedDim % numHeads !== 0) {
      refuse(ArgumentError, op, `embedDim ${embedDim} cannot be divided among ${numHeads} heads`, {
        argument: 'numHeads',
        got: numHeads,
        expected: embedDim,
      });
    }
    this.dropout = dropout;
    this.kdim = kdim;
    this.vdim = vdim;
    this.batchFirst = batchFirst;
    const weight = (rows: number, cols: number) => parameterOf(() => xavierUniform_(zeros(rows, cols)));
    const isPacked = kdim === embedDim && vdim === embedDim;
    this.watch('parameter', 'in_proj_weight', 'q_proj_weight', 'k_proj_weight', 'v_proj_weight', 'in_proj_bias');
    this.in_proj_weight = isPacked ? weight(3 * embedDim, embedDim) : null;
    this.q_proj_weight = isPacked ? null : weight(embedDim, embedDim);
    this.k_proj_weight = isPacked ? null : weight(embedDim, kdim);
    this.v_proj_weight = isPacked ? null : weight(embedDim, vdim);
    this.in_proj_bias = bias ? parameterOf(() => zeros(3 * embedDim)) : null;
    this.out_proj = new Linear(embedDim, embedDim, { bias });
    if (this.out_proj.bias !== null) constant_(this.out_proj.bias, 0);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionCall = {},
  ): [out: Tensor, weights: Tensor | null] {
    if (arguments.length > 4) noMore('MultiheadAttention.forward', 4, arguments);
    const op = 'MultiheadAttention';
    checkOptions(op, options, {
      keyPaddingMask: NULLABLE,
      attnMask: NULLABLE,
      isCausal: FLAG,
      needWeights: FLAG,
      averageAttnWeights: FLAG,
    });
    const { needWeights = true, averageAttnWeights = true } = options;
    const { isBatched, batch, rows, cols } = this.sizes(query, key, value);
    this.checkMasks(options, isBatched, batch, rows, cols);
    return compose(() => {
      const q = this.heads(query, 0, isBatched);
      const k = this.heads(key, 1, isBatched);
      const v = this.heads(value, 2, isBatched);
      const summand = this.summand(options, batch, rows, cols, query);
      const [mixed, weights] = attend(q, k, v, summand, this.training ? this.dropout : 0);
      const first = this.batchFirst || !isBatched;
      const joined = mixed.permute(first ? [0, 2, 1, 3] : [2, 0, 1, 3]);
      const shape = [...(isBatched ? joined.shape.slice(0, 2) : [rows]), this.embedDim];
      const out = linear(joined.reshape(shape), this.out_proj.weight, this.out_proj.bias);
      if (!needWeights) return [out, null];
      const shown = averageAttnWeights ? weights.mean(1) : weights;
      return [out, isBatched ? shown : shown.squeeze(0)];
    });
  }

  /** Refuses inputs that do not fit, and gives what the other methods need of their shapes. */
  private sizes(query: Tensor, key: Tensor, value: Tensor) {
    const op = 'MultiheadAttention';
    const { embedDim, kdim, vdim, batchFirst } = this;
    for (const [argument, x] of Object.entries({ query, key, value })) checkFloat(op, argument, x);
    const isBatched = query.ndim === 3;
    const batch = isBatched ? query.shape[batchFirst ? 0 : 1]! : 1;
    const dim = isBatched && batchFirst ? 1 : 0;
    const [rows, cols] = [query.shape[dim]!, key.shape[dim]!];
    const form = (positions: number, size: number): Shape =>
      isBatched ? (batchFirst ? [batch, positions, size] : [positions, batch, size]) : [positions, size];
    const [ofQuery, ofKey, ofValue] = [form(rows, embedDim), form(cols, kdim), form(cols, vdim)];
    const isFitting =
      (query.ndim === 2 || query.ndim === 3) &&
      sameShape(query.shape, ofQuery) &&
      sameShape(key.shape, ofKey) &&
      sameShape(value.shape, ofValue);
    if (!isFitting) {
      const got = [query.shape, key.shape, value.shape];
      const [l, s] = batchFirst ? ['N,L', 'N,S'] : ['L,N', 'S,N'];
      refuse(
        ShapeError,
        op,
        `expected query, key, value [${l},${embedDim}], [${s},${kdim}], [${s},${vdim}], or without N, got ${got.map(show).join(', ')}`,
        { argument: 'query', got, expected: [ofQuery, ofKey, ofValue] },
      );
    }
    return { isBatched, batch, rows, cols };
  }

  private checkMasks(masks: AttentionMasks, isBatched: boolean, batch: number, rows: number, cols: number): void {
    const check = (argument: string, mask: Tensor, forms: Shape[]) => {
      checkMask('MultiheadAttention', argument, mask);
      if (forms.some((shape) => sameShape(shape, mask.shape))) return;
      const expected = forms.map(show).join(' or ');
      refuse(ShapeError, 'MultiheadAttention', `${argument} must be ${expected}, got ${show(mask.shape)}`, {
        argument,
        got: mask.shape,
        expected: forms,
      });
    };
    const { keyPaddingMask, attnMask } = masks;
    const each = [batch * this.numHeads, rows, cols];
    if (attnMask) check('attnMask', attnMask, [[rows, cols], each]);
    if (keyPaddingMask) check('keyPaddingMask', keyPaddingMask, [isBatched ? [batch, cols] : [cols]]);
  }

  /** All masks as one summand of the scores [N, heads, L, S], or null. */
  private summand(masks: AttentionMasks, batch: number, rows: number, cols: number, like: Tensor): Tensor | null {
    const { keyPaddingMask, attnMask, isCausal } = masks;
    const parts: Tensor[] = [];
    if (attnMask) {
      const summand = maskSummand(attnMask, false);
      parts.push(attnMask.ndim === 3 ? summand.reshape([batch, this.numHeads, rows, cols]) : summand);
    }
    if (keyPaddingMask) parts.push(maskSummand(keyPaddingMask, false).reshape([batch, 1, 1, cols]));
    if (isCausal) parts.push(causalSummand(rows, cols, like));
    return parts.length === 0 ? null : parts.reduce((a, b) => a.add(b));
  }

  /** The projection of the queries (part 0), keys (1) or values (2): [N, heads, positions, embedDim / heads]. */
  private heads(x: Tensor, part: number, isBatched: boolean): Tensor {
    const { embedDim, numHeads, in_proj_weight: packed, in_proj_bias: bias } = this;
    const own = (whole: Tensor) => whole.slice(0, part * embedDim, (part + 1) * embedDim);
    const weight = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight][part] ?? own(packed!);
    const y = linear(x, weight, bias === null ? null : own(bias));
    const size = embedDim / numHeads;
    const split = (isBatched ? y : y.unsqueeze(0)).unflatten(-1, [numHeads, size]);
    const ordered = split.permute(this.batchFirst || !isBatched ? [0, 2, 1, 3] : [1, 2, 0, 3]);
    const [batch = 0, , positions = 0] = ordered.shape;
    // Joined and split again, so that a single stride leads from head to head: products read that without copying it.
    return ordered.reshape([batch * numHeads, positions, size]).reshape([batch, numHeads, positions, size]);
  }

  protected override describe(): string {
    const { embedDim, numHeads, dropout, kdim, vdim, batchFirst } = this;
    const bias = this.in_proj_bias !== null;
    const defaults = { dropout: 0, bias: true, kdim: embedDim, vdim: embedDim, batchFirst: false };
    return [embedDim, numHeads, ...optionTexts({ dropout, bias, kdim, vdim, batchFirst }, defaults)].join(', ');
  }
}
