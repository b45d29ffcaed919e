/** Gradient rule of embeddings. */
import { embeddingGradient } from '../../ops/lookup.ts';
import type { Rule } from '../rules.ts';

export interface EmbeddingAttributes {
  /** The row without gradient. */
  padding: number | null;
  scaleGradByFreq: boolean;
}

/** Attributes of each primitive. */
export interface EmbeddingPrimitives {
  embedding: EmbeddingAttributes;
}

export const embeddingRules: { [P in keyof EmbeddingPrimitives]: Rule<EmbeddingPrimitives[P]> } = {
  embedding: { saves: { inputs: [1] }, backward: (g, c) => [embeddingGradient(g, c)] },
};
