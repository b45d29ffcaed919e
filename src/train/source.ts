/** Where batches come from, pass by pass. */
import type { Dataset, MakeBatch } from '../data/dataset.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Asks for the next batch; null after the last one. */
type NextBatch = () => MakeBatch<Tensor[]> | null;

/** A pass through the examples. */
export interface Pass {
  next(): NextBatch | Promise<NextBatch>;
  /** Ends the pass, perhaps early. */
  end(): Promise<void>;
}

/** Examples, and how they come in batches. */
export interface Source {
  /** Batches in a pass, or null if that is not known. */
  readonly batches: number | null;
  /** Whether the last part of a batch holds weights of the examples. */
  readonly weighted: boolean;
  /** The examples by number, or null if they can only be iterated over. */
  readonly dataset: Dataset | null;
  begin(): Pass;
  /** No pass follows: ends an iteration that spans several passes. */
  end(): Promise<void>;
}
