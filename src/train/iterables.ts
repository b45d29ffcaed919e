/** Batches that come one after the other from a generator, or from anything else that can be iterated. */
import { ArgumentError } from '../../bindings/errors.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Source, Turns } from './examples.ts';

/** A batch: inputs, …, targets. */
type Batch = readonly Tensor[];
type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Batches [inputs, …, targets]: what can be iterated anew for each epoch; a function that begins an iteration; or, with
 * `stepsPerEpoch`, a generator that goes on from epoch to epoch. What a generator makes in a turn is freed after it.
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
    throw new ArgumentError(`${op}: the function must give batches to iterate over`, {
      op,
      argument: 'x',
      got: batches,
    });
  }
  return Symbol.asyncIterator in batches
    ? { isAsync: true, iterator: batches[Symbol.asyncIterator]() }
    : { isAsync: false, iterator: batches[Symbol.iterator]() };
}

/** Takes a batch out of what an iterator gave; null behind the last. */
function batchOf(op: string, { done, value }: IteratorResult<Batch>): Tensor[] | null {
  if (done) return null;
  if (Array.isArray(value) && value.length >= 2 && value.every((part) => part instanceof Tensor)) return [...value];
  throw new ArgumentError(`${op}: a batch must be a list of tensors: inputs and targets`, {
    op,
    argument: 'x',
    got: value,
  });
}

/** Batches of an iteration: to its end, or so many in each pass. */
export function iterated(op: string, given: BatchIterable, stepsPerEpoch: number | undefined): Source {
  let running: Running | null = null;
  const fail = (): never => {
    throw new ArgumentError(
      `${op}: there are no more batches; a generator can be gone through once: give a function that begins a new one, or stepsPerEpoch`,
      { op, argument: 'x' },
    );
  };
  const turns = (): Turns => {
    running ??= begin(op, given);
    const { isAsync, iterator } = running;
    let taken = 0;
    let isOver = false;
    const look = (result: IteratorResult<Batch>): Tensor[] | null => {
      const batch = batchOf(op, result);
      if (batch === null) {
        isOver = true;
        running = null;
        return taken === 0 || stepsPerEpoch !== undefined ? fail() : null;
      }
      taken++;
      return batch;
    };
    return {
      next() {
        if (taken === stepsPerEpoch) return () => null;
        if (isAsync) return iterator.next().then((result) => () => look(result));
        // A generator makes its tensors in the turn's own scope.
        return () => look(iterator.next());
      },
      end() {
        if (stepsPerEpoch !== undefined || isOver) return;
        running = null;
        void iterator.return?.();
      },
    };
  };
  return { batches: stepsPerEpoch ?? null, weighted: false, dataset: null, begin: turns };
}
