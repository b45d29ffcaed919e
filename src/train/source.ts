/** Where batches come from, pass by pass. */
import type { Dataset } from '../data/dataset.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What makes the tensors of a batch, when it is its turn; null: there are no more. */
type MakeBatch = () => Tensor[] | null;

/** A pass through the examples. */
export interface Turns {
  next(): MakeBatch | Promise<MakeBatch>;
  /** The pass ends, perhaps early. */
  end(): Promise<void>;
}

/** Examples, and how they come in batches. */
export interface Source {
  /** Batches in a pass, or null where that is not known. */
  readonly batches: number | null;
  /** Whether the last part of a batch are weights of the examples. */
  readonly weighted: boolean;
  /** Where the examples come by number. */
  readonly dataset: Dataset | null;
  begin(): Turns;
  /** No pass follows: ends what goes on from pass to pass. */
  end(): Promise<void>;
}
