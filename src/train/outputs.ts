/** What a model gives for many inputs: batches on the way while others are computed. */
import { ArgumentError, OutOfMemoryError, refuse } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { scope } from '../tensor/scope.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { pacer } from './pause.ts';
import { joined } from './step.ts';

/** Batches whose results are waited for at a time. */
const BATCHES_ON_THE_WAY = 2;

/** So that a failure is told where the promise is awaited, not before. */
function awaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The outputs of a model in a list. */
function listOf(output: Tensor | Tensor[]): Tensor[] {
  const list = Array.isArray(output) ? output : [output];
  if (list.length > 0 && list.every(isTensor)) return list;
  const op = 'predict';
  refuse(ArgumentError, op, 'the model must give a tensor or a list of tensors', { argument: 'model', got: output });
}

/**
 * The outputs of `run` for all rows of the inputs, each as one tensor where the first of these lives. A batch that does not fit the
 * device's memory is halved, and so are those after it.
 */
export async function outputsOf(
  inputs: readonly Tensor[],
  rows: number,
  batchSize: number,
  run: (parts: Tensor[]) => Tensor | Tensor[],
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
  const [first, ...others] = forms.map((form, i) =>
    joined(
      read.map((batch) => batch[i]!),
      rows,
      form,
      inputs[0]!,
    ),
  );
  return isList ? [first!, ...others] : first!;
}
