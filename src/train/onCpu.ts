/** Tensors whose values cannot be read synchronously: code that needs them at once works with copies on the CPU. */
import { tensor } from '../ops/index.ts';
import { readableExecutor } from '../runtime/runtime.ts';
import { keep } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Whether `item()` and `dataSync()` can read this tensor. */
export function canReadAtOnce(t: Tensor): boolean {
  return t.executor.download === undefined;
}

/** A copy on the CPU of the present values; the caller disposes it. */
export async function copyOnCpu(t: Tensor): Promise<Tensor> {
  const { shape, dtype } = t;
  const values = await t.data();
  return keep(tensor(values, { shape, dtype, device: readableExecutor().device }));
}
