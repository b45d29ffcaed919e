/** The outputs of a model for many inputs: results of earlier batches are read while the next ones are computed. */
import { ArgumentError, OutOfMemoryError, refuse } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { empty } from '../emit/emit.ts';
import { scope } from '../tensor/scope.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { pacer } from './pause.ts';

/** Batches whose results may be on their way at a time. */
const BATCHES_ON_THE_WAY = 2;

/** Marks a promise as handled: its failure is reported where it is awaited, not before. */
function awaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The outputs of a model in a list. */
function listOf(output: unknown): Tensor[] {
  const list: unknown[] = Array.isArray(output) ? output : [output];
  if (list.length > 0 && list.every(isTensor)) return list;
  const op = 'predict';
  refuse(ArgumentError, op, 'the model must give a tensor or a list of tensors', { argument: 'model', got: output });
}

/** The outputs of batches as one tensor, on the device of `like`. */
function joined(
  parts: readonly NumericArray[],
  rows: number,
  form: Pick<Tensor, 'shape' | 'dtype'>,
  like: Tensor,
): Tensor {
  const result = empty(like.executor, [rows, ...form.shape.slice(1)], form.dtype);
  let at = result.address;
  for (const part of parts) {
    result.executor.write(at, part, form.dtype);
    at += part.length;
  }
  return result;
}

/**
 * The outputs of `run` for all rows of the inputs, each as one tensor on the device of the first input. A batch that does not fit into
 * the device's memory is halved, and so are those after it.
 */
export async function outputsOf(
  inputs: readonly [Tensor, ...Tensor[]],
  rows: number,
  batchSize: number,
  run: (parts: Tensor[]) => unknown,
  pause: ReturnType<typeof pacer>,
): Promise<Tensor | Tensor[]> {
  const values: Promise<NumericArray[]>[] = [];
  let forms: Pick<Tensor, 'shape' | 'dtype'>[] = [];
  let isList = false;
  let size = batchSize;
  for (let start = 0; start < rows; ) {
    try {
      scope(() => {
        const output = run(inputs.map((input) => input.slice(0, start, start + size)));
        isList = Array.isArray(output);
        const list = listOf(output);
        forms = list.map(({ shape, dtype }) => ({ shape, dtype }));
        values.push(awaited(Promise.all(list.map((one) => one.data()))));
      });
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || size === 1) throw error;
      size = Math.ceil(size / 2);
      continue;
    }
    start += size;
    await values[values.length - BATCHES_ON_THE_WAY];
    const waiting = pause();
    if (waiting !== undefined) await waiting;
  }
  const read = await Promise.all(values);
  const results = forms.map((form, i) => {
    const parts = read.map((batch) => batch[i]!);
    return joined(parts, rows, form, inputs[0]);
  });
  return isList ? results : results[0]!;
}
