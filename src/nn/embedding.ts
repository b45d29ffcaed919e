/** A table of learned vectors. */

import { EMBEDDING_OPTIONS, type EmbeddingOptions, embedding, paddingRow } from '../ops/embedding.ts';
import { type NumberList, zeros } from '../ops/index.ts';
import { checkOptions, checkWhole, noMore } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { optionTexts } from './describe.ts';
import { normal_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/**
 * Rows of a table by index (int32, any shape): [...] → [..., embeddingDim]. The table starts with standard normal values, the row of
 * `paddingIdx` with zeros. The gradient is dense, as large as the table, but only the rows looked up are worked on: backward passes,
 * and SGD without momentum and weight decay, cost the same for a large table as for a small one.
 *
 * @throws DTypeError where indices are not int32, ArgumentError where one is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 * @example
 * const words = new nn.Embedding(10000, 128, { paddingIdx: 0 });
 * words.forward(tensor([[5, 3, 0]], { dtype: 'int32' })).shape; // [1, 3, 128]
 */
export class Embedding extends Module {
  /** @internal */ static override name = 'Embedding';
  /** @internal */ static readonly keepsNothing = true;

  /** The table, [numEmbeddings, embeddingDim]. */
  declare weight: Parameter;
  /** The options as they were given. */
  readonly options: EmbeddingOptions;

  constructor(
    /** Rows of the table, ≥ 1: indices are 0 … numEmbeddings − 1. */
    readonly numEmbeddings: number,
    /** Size of a row, ≥ 1. */
    readonly embeddingDim: number,
    options: EmbeddingOptions = {},
  ) {
    if (arguments.length > 3) noMore('Embedding', 3, arguments);
    super();
    checkWhole('Embedding', 'numEmbeddings', numEmbeddings, 1);
    checkWhole('Embedding', 'embeddingDim', embeddingDim, 1);
    checkOptions('Embedding', options, EMBEDDING_OPTIONS);
    const padding = paddingRow('Embedding', options.paddingIdx, numEmbeddings);
    this.options = { ...options };
    this.watch('parameter', 'weight');
    this.weight = parameterOf(() => {
      const table = normal_(zeros(numEmbeddings, embeddingDim));
      if (padding !== null) noGrad(() => table.select(0, padding).zero_());
      return table;
    });
  }

  override forward(input: Tensor | NumberList): Tensor {
    if (arguments.length > 1) noMore('Embedding.forward', 1, arguments);
    return embedding(input, this.weight, this.options);
  }

  protected override describe(): string {
    return [this.numEmbeddings, this.embeddingDim, ...optionTexts(this.options)].join(', ');
  }
}
