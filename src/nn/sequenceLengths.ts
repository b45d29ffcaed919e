/** Lengths of the sequences of a batch: checked, as a tensor, and as the rows of their last steps. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { isInt32Array } from '../../bindings/realm.ts';
import { empty } from '../emit/emit.ts';
import { checkValues } from '../emit/values.ts';
import { show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** Whole numbers from 1 to the number of steps, one per sequence: int32. */
export type Lengths = Tensor | readonly number[] | Int32Array;

function wrongLength(op: string, length: number, place: number, steps: number): ArgumentError {
  return new ArgumentError(
    `${op}: lengths[${place}] is ${length}, expected a whole number from 1 to the ${steps} steps`,
    { op, argument: 'lengths', got: length, expected: [1, steps] },
  );
}

function checkEach(op: string, values: ArrayLike<number>, steps: number): void {
  for (let i = 0; i < values.length; i++) {
    const length = values[i]!;
    if (!(Number.isInteger(length) && length >= 1 && length <= steps)) throw wrongLength(op, length, i, steps);
  }
}

function checkCount(op: string, got: readonly number[], batch: number): void {
  if (got.length !== 1 || got[0] !== batch) {
    refuse(ShapeError, op, `lengths must be [${batch}], one for each sequence of the batch, got ${show(got)}`, {
      argument: 'lengths',
      got,
      expected: [batch],
    });
  }
}

function int32(executor: Executor, values: ArrayLike<number>): Tensor {
  const t = empty(executor, [values.length], 'int32');
  executor.write(t.address, values, 'int32');
  return t;
}

/** Lengths as an int32 tensor [batch]. Under `compile` those of a tensor are checked at every run. */
export function lengthsTensor(op: string, lengths: Lengths, steps: number, batch: number, executor: Executor): Tensor {
  if (!isTensor(lengths)) {
    if (!Array.isArray(lengths) && !isInt32Array(lengths)) {
      refuse(ArgumentError, op, 'lengths must be an int32 tensor or an array of numbers', {
        argument: 'lengths',
        got: lengths,
      });
    }
    checkCount(op, [lengths.length], batch);
    checkEach(op, lengths, steps);
    return int32(executor, lengths);
  }
  checkCount(op, lengths.shape, batch);
  if (lengths.dtype !== 'int32') {
    refuse(ArgumentError, op, `lengths must be int32, got ${lengths.dtype}; convert them with to('int32')`, {
      argument: 'lengths',
      got: lengths.dtype,
      expected: 'int32',
    });
  }
  checkValues(lengths, {
    dtype: 'int32',
    low: 1,
    high: steps,
    name: `${op} lengths`,
    refuse: (value, place) => wrongLength(op, value, place, steps),
  });
  return lengths;
}

/** Which of the steps · batch rows holds the last step of each sequence. */
export function lastSteps(lengths: Tensor, batch: number): Tensor {
  const rows = int32(
    lengths.executor,
    Array.from({ length: batch }, (_, i) => i - batch),
  );
  return lengths.mul(batch).add(rows);
}
