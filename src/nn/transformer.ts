/** The transformer's encoder layer. Parameters have PyTorch's names. */
import { gelu, relu } from '../ops/functional.ts';
import { checkTensor, compose } from '../ops/index.ts';
import { checkOneOf, checkOptions, checkRange, checkWhole, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { MultiheadAttention } from './attention.ts';
import { Dropout, Linear } from './layers.ts';
import { Module } from './module.ts';
import { LayerNorm } from './norm.ts';

/** Options of `TransformerEncoderLayer`. */
export interface TransformerEncoderLayerOptions {
  /** Size between the two linear layers. Default 2048. */
  dimFeedforward?: number;
  /** In training, the share of weights, hidden and output elements that becomes 0. Default 0.1. */
  dropout?: number;
  /** The activation between the two linear layers. Default 'relu'. */
  activation?: 'relu' | 'gelu';
  /** Added to the variance in both norms. Default 1e-5. */
  layerNormEps?: number;
  /** Normalise before attention and before the linear layers, not after the sums. Default false. */
  normFirst?: boolean;
  /** The batch is the first dimension, the positions the second. Default false. */
  batchFirst?: boolean;
}

/** Masks of an encoder layer. */
export interface EncoderMasks {
  /** What each position ignores, [L, L] or [N · heads, L, L]: bool, true means ignored, or float32, added to the scores. */
  srcMask?: Tensor | null;
  /** Positions to ignore, [N, L] (or [L]): bool, true means ignored, or float32, added to the scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** Each position sees only those up to itself. Default false. */
  isCausal?: boolean;
}

/**
 * The transformer's encoder layer: y = norm1(x + attention(x)), norm2(y + linear2(activation(linear1(y)))), with dropout after
 * each part; with `normFirst` y = x + attention(norm1(x)), y + linear2(activation(linear1(norm2(y)))).
 *
 * x [L, N, dModel] (`batchFirst`: [N, L, dModel]; or [L, dModel]) gives a tensor of its shape.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 * @see https://arxiv.org/abs/1706.03762
 * @example
 * const layer = new nn.TransformerEncoderLayer(32, 4, { dimFeedforward: 64, batchFirst: true });
 * layer.forward(randn(8, 10, 32), { isCausal: true }).shape; // [8, 10, 32]
 */
export class TransformerEncoderLayer extends Module {
  /** @internal */ static override name = 'TransformerEncoderLayer';

  /** Attention of each position to all positions. */
  self_attn: MultiheadAttention;
  /** The first layer after attention: dModel to dimFeedforward. */
  linear1: Linear;
  /** Dropout between the two linear layers, after the activation. */
  dropout: Dropout;
  /** The second layer: dimFeedforward to dModel. */
  linear2: Linear;
  /** Normalises the input of attention with `normFirst`, otherwise the sum after it. */
  norm1: LayerNorm;
  /** Does for the linear layers what norm1 does for attention. */
  norm2: LayerNorm;
  /** Dropout after attention. */
  dropout1: Dropout;
  /** Dropout after the second linear layer. */
  dropout2: Dropout;
  /** The activation between the two linear layers. */
  readonly activation: 'relu' | 'gelu';
  /** Whether normalisation comes before each part, not after its sum. */
  readonly normFirst: boolean;

  constructor(
    /** Size of the vector of a position, ≥ 1; PyTorch's `d_model`. */
    readonly dModel: number,
    /** Heads of the attention, ≥ 1; dModel must be a multiple of it. */
    readonly nhead: number,
    options: TransformerEncoderLayerOptions = {},
  ) {
    if (arguments.length > 3) noMore('TransformerEncoderLayer', 3, arguments);
    super();
    const op = 'TransformerEncoderLayer';
    checkOptions(op, options, {
      dimFeedforward: VALUE,
      dropout: VALUE,
      activation: VALUE,
      layerNormEps: VALUE,
      normFirst: FLAG,
      batchFirst: FLAG,
    });
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = 'relu',
      layerNormEps: eps = 1e-5,
      normFirst = false,
      batchFirst = false,
    } = options;
    checkWhole(op, 'dModel', dModel, 1);
    checkWhole(op, 'dimFeedforward', dimFeedforward, 1);
    checkRange(op, 'dropout', dropout, 0, 1);
    checkRange(op, 'layerNormEps', eps, 0);
    checkOneOf(op, 'activation', activation, ['relu', 'gelu']);
    this.activation = activation;
    this.normFirst = normFirst;
    this.self_attn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel);
    this.norm1 = new LayerNorm(dModel, { eps });
    this.norm2 = new LayerNorm(dModel, { eps });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  override forward(x: Tensor, options: EncoderMasks = {}): Tensor {
    if (arguments.length > 2) noMore('TransformerEncoderLayer.forward', 2, arguments);
    checkOptions('TransformerEncoderLayer', options, {
      srcMask: NULLABLE,
      srcKeyPaddingMask: NULLABLE,
      isCausal: FLAG,
    });
    checkTensor('TransformerEncoderLayer', 'input', x);
    return compose(() => {
      if (this.normFirst) {
        const y = x.add(this.attention(this.norm1.forward(x), options));
        return y.add(this.feedforward(this.norm2.forward(y)));
      }
      const y = this.norm1.forward(x.add(this.attention(x, options)));
      return this.norm2.forward(y.add(this.feedforward(y)));
    });
  }

  private attention(x: Tensor, { srcMask, srcKeyPaddingMask, isCausal = false }: EncoderMasks): Tensor {
    const [out] = this.self_attn.forward(x, x, x, {
      attnMask: srcMask ?? null,
      keyPaddingMask: srcKeyPaddingMask ?? null,
      isCausal,
      needWeights: false,
    });
    return this.dropout1.forward(out);
  }

  private feedforward(x: Tensor): Tensor {
    const hidden = this.linear1.forward(x);
    const active = this.activation === 'relu' ? relu(hidden) : gelu(hidden);
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(active)));
  }

  protected override describe(): string {
    const { activation, normFirst } = this;
    return `${this.dModel}, ${this.nhead}, activation: ${activation}, normFirst: ${normFirst}`;
  }
}
