/** Batches that come one after the other from a generator, or from anything else that can be iterated. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { Source, Turns } from './source.ts';

/** A batch: inputs, …, targets. */
type Batch = readonly Tensor[];
type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Batches [inputs, …, targets]: what can be iterated anew for each epoch; a function that begins an iteration; or, with
 * `stepsPerEpoch`, a generator that goes on from epoch to epoch. What a generator makes in a turn is freed after it. One that has not come
 * to its end when `fit` has is closed, as `for … of` closes what it leaves.
 */
export type BatchIterable = Batches | (() => Batches);

/** Whether this can be iterated, or begins an iteration. */
export function isBatchIterable(x: unknown): x is BatchIterable {
  return (
    typeof x === 'function' ||
    (typeof x === 'object' && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x))
  );
}

/** An iteration that has begun. */
type Running = { isAsync: true; iterator: AsyncIterator<Batch> } | { isAsync: false; iterator: Iterator<Batch> };

function begin(op: string, given: BatchIterable): Running {
  const batches = typeof given === 'function' ? given() : given;
  if (!isBatchIterable(batches) || typeof batches === 'function') {
    refuse(ArgumentError, op, 'the function must give batches to iterate over', { argument: 'x', got: batches });
  }
  return Symbol.asyncIterator in batches
    ? { isAsync: true, iterator: batches[Symbol.asyncIterator]() }
    : { isAsync: false, iterator: batches[Symbol.iterator]() };
}

/** Takes a batch out of what an iterator gave; null behind the last. */
function batchOf(op: string, { done, value }: IteratorResult<Batch>): Tensor[] | null {
  if (done) return null;
  if (Array.isArray(value) && value.length >= 2 && value.every(isTensor)) return [...value];
  refuse(ArgumentError, op, 'a batch must be a list of tensors: inputs and targets', { argument: 'x', got: value });
}

/** Ends an iteration that is left before its end, as `for … of` does. */
async function close({ isAsync, iterator }: Running): Promise<void> {
  if (isAsync) await iterator.return?.();
  else iterator.return?.();
}

/** Batches of an iteration: to its end, or this many in each pass. */
export function iterated(op: string, given: BatchIterable, stepsPerEpoch: number | undefined): Source {
  /** What has begun, has not come to its end and has not failed. */
  let running: Running | null = null;
  const fail = (): never => {
    refuse(
      ArgumentError,
      op,
      'there are no more batches; a generator can be gone through once: give a function that begins a new one, or stepsPerEpoch',
      { argument: 'x' },
    );
  };
  const end = async (): Promise<void> => {
    const left = running;
    running = null;
    if (left !== null) await close(left);
  };
  const turns = (): Turns => {
    running ??= begin(op, given);
    const { isAsync, iterator } = running;
    let taken = 0;
    const look = (result: IteratorResult<Batch>): Tensor[] | null => {
      if (result.done) running = null;
      const batch = batchOf(op, result);
      if (batch === null) return taken === 0 || stepsPerEpoch !== undefined ? fail() : null;
      taken++;
      return batch;
    };
    const failed = (error: unknown): never => {
      running = null;
      throw error;
    };
    return {
      next() {
        if (taken === stepsPerEpoch) return () => null;
        if (isAsync) return iterator.next().then((result) => () => look(result), failed);
        // A generator makes its tensors in the turn's own scope.
        return () => {
          let result: IteratorResult<Batch>;
          try {
            result = iterator.next();
          } catch (error) {
            return failed(error);
          }
          return look(result);
        };
      },
      end: async () => {
        if (stepsPerEpoch === undefined) await end();
      },
    };
  };
  return { batches: stepsPerEpoch ?? null, weighted: false, dataset: null, begin: turns, end };
}
