/** Batches from a generator, or from anything else that can be iterated over. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { Pass, Source } from './source.ts';

/** A batch: inputs, …, targets. */
type Batch = readonly Tensor[];
type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Batches [inputs, …, targets]: an iterable that can be iterated over again for each epoch; a function that begins an iteration; or, with
 * `stepsPerEpoch`, a generator that continues from epoch to epoch.
 * A generator that is not finished when `fit` ends is closed, as `for … of` closes one that it leaves early.
 */
export type BatchIterable = Batches | (() => Batches);

/** Whether this can be iterated over, or begins an iteration. */
export function isBatchIterable(x: unknown): x is BatchIterable {
  return (
    typeof x === 'function' ||
    (typeof x === 'object' && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x))
  );
}

/** An iteration in progress. */
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

/** The batch in an iterator's result; null after the last one. */
function batchOf(op: string, { done, value }: IteratorResult<Batch>): Tensor[] | null {
  if (done) return null;
  if (Array.isArray(value) && value.length >= 2 && value.every(isTensor)) return [...value];
  refuse(ArgumentError, op, 'a batch must be a list of tensors: inputs and targets', { argument: 'x', got: value });
}

/** Closes an iteration before its end, as `for … of` does. */
async function close({ isAsync, iterator }: Running): Promise<void> {
  if (isAsync) await iterator.return?.();
  else iterator.return?.();
}

/** The batches of an iteration: all of them, or this many in each pass. */
export function iterated(op: string, given: BatchIterable, stepsPerEpoch: number | undefined): Source {
  /** The iteration in progress; null before it begins, after its end and after a failure. */
  let running: Running | null = null;
  const fail = (): never => {
    refuse(
      ArgumentError,
      op,
      'there are no more batches; a generator can be iterated over only once: give a function that begins a new one, or stepsPerEpoch',
      { argument: 'x' },
    );
  };
  const end = async (): Promise<void> => {
    const left = running;
    running = null;
    if (left !== null) await close(left);
  };
  const pass = (): Pass => {
    running ??= begin(op, given);
    const { isAsync, iterator } = running;
    let taken = 0;
    const look = (result: IteratorResult<Batch>): (() => Tensor[]) | null => {
      if (result.done) running = null;
      const batch = batchOf(op, result);
      if (batch === null) return taken === 0 || stepsPerEpoch !== undefined ? fail() : null;
      taken++;
      return () => batch;
    };
    const failed = (error: unknown): never => {
      running = null;
      throw error;
    };
    return {
      next() {
        if (taken === stepsPerEpoch) return () => null;
        if (isAsync) return iterator.next().then((result) => () => look(result), failed);
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
  return { batches: stepsPerEpoch ?? null, weighted: false, dataset: null, begin: pass, end };
}
