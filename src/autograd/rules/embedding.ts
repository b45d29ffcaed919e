/** Gradient rule of embeddings. */
import { embeddingGradient } from '../../ops/lookup.ts';
import type { Rules } from './rule.ts';

export const embeddingRules: Rules<'embedding'> = {
  embedding: (g, c) => [embeddingGradient(g, c)],
};
