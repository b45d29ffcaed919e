/** One batch: compiled where that is possible; and the outputs of many as one tensor. */
import { TraceError } from '../../bindings/errors.ts';
import type { Device, NumericArray } from '../../bindings/executor.ts';
import { empty } from '../emit/emit.ts';
import type { Module } from '../nn/module.ts';
import { type Compiled, changedOnGpu, compile } from '../program/compile.ts';
import type { Placement } from '../program/placement.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a trainer may be told: a device for everything, or to choose for each program. */
export type Where = Device | 'auto' | undefined;

/** From the parts of a batch to its result, compiled where that is possible. */
export class Runner<R> {
  private program: Compiled<Tensor[], R> | null;
  /** What programs that are gone have changed on a GPU. */
  private left: Storage[] = [];

  /** @param model what the step uses */
  constructor(
    private readonly step: (...parts: Tensor[]) => R,
    private readonly model: Module,
    private readonly where: Where,
  ) {
    this.program = compile(step, where === 'auto' ? { device: 'auto' } : {});
  }

  run(parts: Tensor[]): R {
    if (this.program !== null) {
      try {
        return this.program(...parts);
      } catch (error) {
        if (!(error instanceof TraceError)) throw error;
        // The model reads values or decides by them: it runs operation by operation.
        this.left = changedOnGpu(this.program);
        this.program.dispose();
        this.program = null;
      }
    }
    const device = this.where === 'auto' ? this.model.parameters()[0]?.device : this.where;
    return this.step(...placed(parts, device));
  }

  /** Where the program that ran last does, or null. */
  get placement(): Placement | null {
    return this.program?.placement ?? null;
  }

  /** What the programs on a GPU change. */
  get changedOnGpu(): Storage[] {
    const changed = this.program === null ? this.left : changedOnGpu(this.program);
    return changed.filter(({ refs }) => refs > 0);
  }

  dispose(): void {
    this.program?.dispose();
  }
}

/** The tensors, on one device where one is given. */
export function placed(parts: readonly Tensor[], device: Device | undefined): Tensor[] {
  return parts.map((part) => (device === undefined || part.device === device ? part : part.to(device)));
}

/** Outputs of batches as one tensor, where `like` lives. */
export function joined(
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
