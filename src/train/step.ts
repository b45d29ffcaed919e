/** One batch: compiled where that is possible; and the outputs of many as one tensor. */
import { TraceError } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { tensor } from '../ops/index.ts';
import { type Compiled, compile } from '../program/compile.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a batch gives. */
export interface BatchResult {
  loss: Tensor;
  /** Only where metrics look at it. */
  output: Tensor | null;
}

/** From the parts of a batch to its result. */
export type Step = (...parts: Tensor[]) => BatchResult;

/** A step, compiled where that is possible. */
export class Runner {
  private program: Compiled<Tensor[], BatchResult> | null;

  constructor(private readonly step: Step) {
    this.program = compile(step);
  }

  run(parts: Tensor[]): BatchResult {
    if (this.program !== null) {
      try {
        return this.program(...parts);
      } catch (error) {
        if (!(error instanceof TraceError)) throw error;
        // The model reads values or decides by them: it runs operation by operation.
        this.program.dispose();
        this.program = null;
      }
    }
    return this.step(...parts);
  }

  dispose(): void {
    this.program?.dispose();
  }
}

/** Outputs of batches as one tensor. */
export function joined(
  parts: readonly NumericArray[],
  rows: number,
  form: Pick<Tensor, 'shape' | 'dtype' | 'device'>,
): Tensor {
  const shape = [rows, ...form.shape.slice(1)];
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return tensor(values, { shape, dtype: form.dtype, device: form.device });
}
