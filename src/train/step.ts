/** One batch: the steps of training and evaluation, and how they run, compiled if possible. */
import { ArgumentError, refuse, TraceError } from '../../bindings/errors.ts';
import type { Device } from '../../bindings/executor.ts';
import type { Module } from '../nn/module.ts';
import { type Compiled, changedOnGpu, compile } from '../program/compile.ts';
import type { Placement } from '../program/placement.ts';
import { noGrad } from '../tape/mode.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { applied } from './applied.ts';
import type { TrainingOptimizer } from './callback.ts';
import type { BatchResult, Goals, Judge } from './goals.ts';

/** Where a trainer computes: on one device, or wherever each program is estimated to be faster. */
export type Where = Device | 'auto' | undefined;

/** Runs a step on the parts of a batch, compiled if possible. */
export class Runner<R> {
  private program: Compiled<Tensor[], R> | null;
  /** What a program that is gone has changed on a GPU. */
  private left: Storage[] = [];

  /** @param model the module that the step uses */
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
        // The model reads values or branches on them: it runs operation by operation.
        this.left = changedOnGpu(this.program);
        this.program.dispose();
        this.program = null;
      }
    }
    const device = this.where === 'auto' ? this.model.parameters()[0]?.device : this.where;
    return this.step(...placed(parts, device));
  }

  /** Where the last program ran, or null. */
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

/** The tensors, moved to the device if one is given. */
export function placed(parts: readonly Tensor[], device: Device | undefined): Tensor[] {
  return parts.map((part) => (device === undefined || part.device === device ? part : part.to(device)));
}

/** What a step trains or tests. */
export interface Trained {
  readonly model: Module;
  readonly optimizer: TrainingOptimizer;
  readonly goals: Goals;
}

/** The result of a batch; `weighted`: its last part holds weights of the examples. */
function forward({ model, goals }: Trained, parts: Tensor[], judge: Judge, weighted: boolean): BatchResult {
  const end = parts.length - Number(weighted);
  const inputs = end - goals.count;
  if (inputs < 1) {
    const targets = goals.count === 1 ? 'targets' : `${goals.count} targets, one for each loss`;
    refuse(ArgumentError, 'Trainer', `examples must have inputs and ${targets}; they have ${end} parts`, {
      argument: 'examples',
      got: end,
    });
  }
  return judge(applied(model, parts.slice(0, inputs)), parts.slice(inputs, end), parts[end]);
}

/** The step of training: forward, backward, and the optimizer's step. */
export function trainStep(trained: Trained, judge: Judge, weighted: boolean): (...parts: Tensor[]) => BatchResult {
  const { optimizer } = trained;
  return (...parts) => {
    optimizer.zeroGrad();
    const result = forward(trained, parts, judge, weighted);
    result.losses[0].backward();
    optimizer.step();
    return result;
  };
}

/** The step of an evaluation: forward only. */
export function testStep(trained: Trained, weighted: boolean): (...parts: Tensor[]) => BatchResult {
  const judge = trained.goals.judge(null, weighted);
  return (...parts) => noGrad(() => forward(trained, parts, judge, weighted));
}
