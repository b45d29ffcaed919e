/** What a model gives for many inputs: batches on the way while others are computed. */
import { OutOfMemoryError } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { pacer } from './pause.ts';
import { joined } from './step.ts';

/** Batches whose results are waited for at a time. */
const BATCHES_ON_THE_WAY = 2;

/** So that a failure is told where the promise is awaited, not before. */
function awaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * The outputs of `run` for all rows of the inputs, as one tensor where the first of these lives. A batch that does not fit the
 * device's memory is halved, and so are those after it.
 */
export async function outputsOf(
  inputs: readonly Tensor[],
  rows: number,
  batchSize: number,
  run: (parts: Tensor[]) => Tensor,
  pause: ReturnType<typeof pacer>,
): Promise<Tensor> {
  const values: Promise<NumericArray>[] = [];
  let form: Pick<Tensor, 'shape' | 'dtype'> | null = null;
  let size = batchSize;
  for (let start = 0; start < rows; ) {
    try {
      scope(() => {
        const output = run(inputs.map((input) => input.slice(0, start, start + size)));
        form = { shape: output.shape, dtype: output.dtype };
        values.push(awaited(output.data()));
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
  return joined(await Promise.all(values), rows, form!, inputs[0]!);
}
