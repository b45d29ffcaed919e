/**
 * Optimizers that update each element independently: a step encodes the updates of all parameters into one program. Learning rates and
 * other settings are in memory that the commands read.
 */

import type { Executor } from '../../bindings/executor.ts';
import { dense, done } from '../emit/emit.ts';
import { rowsOf } from '../ops/rowGradient.ts';
import { noMore } from '../options.ts';
import { groupFrom } from '../program/group.ts';
import { withGrad } from '../tape/mode.ts';
import { parkedTotal } from '../tensor/parked.ts';
import { Storage } from '../tensor/storage.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { type Tracer, tracing, untraced } from '../tensor/trace.ts';
import { Optimizer, type ParamGroup, type ParamState } from './optimizer.ts';
import { type Fields, memoryIn, type SavedMemory } from './savedState.ts';

/** The settings of one parameter in the heap of its executor, and the values that were last written there. */
interface SettingBlock {
  storage: Storage;
  last: Float64Array;
}

/** The update of one parameter. */
interface Step<O> {
  group: ParamGroup<O>;
  param: Tensor;
  gradient: Tensor;
  state: ParamState;
  block: SettingBlock;
}

/** Elements for the settings of any update command. */
const SETTING_ELEMENTS = 16;
/** Words for the largest update command and the head of a group, with room to spare. */
const UPDATE_WORDS = 32;

export abstract class ElementwiseOptimizer<O extends object> extends Optimizer<O> {
  private readonly settingBlocks = new Map<Tensor, SettingBlock>();
  /** The settings of one update before they are written; kept, so that steps make no garbage per parameter. */
  private readonly current = new Float64Array(SETTING_ELEMENTS);

  /** The values that are remembered for each parameter. */
  protected abstract get fields(): Fields;

  /** Writes the settings that the update command reads into `out`, for one parameter of a group. Called once before each update. */
  protected abstract settings(group: ParamGroup<O>, state: ParamState, out: Float64Array): void;

  /** Allocates the memory that updates of a parameter need and do not have yet. */
  protected abstract remember(group: ParamGroup<O>, param: Tensor, state: ParamState): void;

  /** Encodes the update of one parameter. It allocates nothing, because updates of other parameters are waiting to run. */
  protected abstract update(
    group: ParamGroup<O>,
    param: Tensor,
    gradient: Tensor,
    state: ParamState,
    settings: number,
  ): void;

  /**
   * Changes every parameter that has a gradient. A closure evaluates the model again and returns the loss, which `step` then returns.
   */
  override step(): undefined;
  override step(closure: () => Tensor): Tensor;
  override step(closure?: () => Tensor): Tensor | undefined {
    if (arguments.length > 1) noMore('ElementwiseOptimizer.step', 1, arguments);
    const loss = closure === undefined ? undefined : withGrad(true, closure);
    this.checkStep();
    const steps = this.prepare();
    try {
      if (tracing === null) this.run(steps);
      else this.record(tracing, steps);
    } finally {
      release(steps);
    }
    return loss;
  }

  /** All parameters that have gradients, and what their updates need: everything is allocated before the first update is encoded. */
  private prepare(): Step<O>[] {
    const steps: Step<O>[] = [];
    try {
      for (const group of this.paramGroups) {
        for (const param of group.params) {
          const gradient = param.variable?.grad;
          if (gradient === undefined || gradient === null) continue;
          this.bringAlong(param);
          const state = untraced(() => this.stateOf(param));
          this.remember(group, param, state);
          const block = untraced(() => this.blockOf(param));
          steps.push({ group, param, gradient: dense(gradient), state, block });
        }
      }
    } catch (error) {
      release(steps);
      throw error;
    }
    return steps;
  }

  /** Has the active recorder move a parameter's memory to where it moves the parameter. */
  private bringAlong(param: Tensor): void {
    tracing?.meet(param.storage);
    for (const value of Object.values(this.state.get(param) ?? {})) if (isTensor(value)) tracing?.meet(value.storage);
  }

  /** Updates all parameters of an executor in one command. */
  private run(steps: readonly Step<O>[]): void {
    const executors = new Set<Executor>();
    for (const { param } of steps) param.storage.willChange();
    if (parkedTotal.tensors > 0 || parkedTotal.bytes > 0) for (const step of steps) bringBack(step);
    for (const { group, param, gradient, state, block } of steps) {
      const { executor, storage } = param;
      const { program } = executor;
      if (program.length + UPDATE_WORDS > program.words.length) runGrouped(executor);
      this.update(group, param, gradient, state, block.storage.address);
      this.refresh(group, state, block);
      storage.version++;
      for (const name in state) if (isTensor(state[name])) state[name].storage.version++;
      executors.add(executor);
    }
    for (const executor of executors) runGrouped(executor);
  }

  /** The same, recorded: settings are written before every run. */
  private record(recorder: Tracer, steps: readonly Step<O>[]): void {
    const { length, commands } = recorder.program;
    // Settings that were changed to something invalid are refused when the step is recorded again.
    recorder.conditions.push(() => this.areSettingsRight());
    for (const { group, param, gradient, state, block } of steps) {
      recorder.capture(block.storage);
      this.update(group, param, gradient, state, block.storage.address);
      recorder.beforeRun({
        memory: block.storage,
        run: () => this.refresh(group, state, block),
        save: () => remember(state, block),
      });
      param.storage.willChange();
      param.storage.version++;
    }
    groupFrom(recorder.program, length, commands);
  }

  protected override memoryIn(op: string, what: string, saved: unknown, param: Tensor): SavedMemory {
    return memoryIn(op, what, saved, this.fields, param.shape);
  }

  private areSettingsRight(): boolean {
    try {
      this.checkSettings('', this.paramGroups);
      return true;
    } catch {
      return false;
    }
  }

  override dispose(): void {
    if (arguments.length > 0) noMore('ElementwiseOptimizer.dispose', 0, arguments);
    super.dispose();
    for (const { storage } of this.settingBlocks.values()) storage.release();
    this.settingBlocks.clear();
  }

  /** Writes the settings of one parameter's update if they have changed. */
  private refresh(group: ParamGroup<O>, state: ParamState, { storage, last }: SettingBlock): void {
    const { current } = this;
    this.settings(group, state, current);
    if (equal(current, last)) return;
    storage.executor.write(storage.address, current, 'float32');
    storage.version++;
    last.set(current);
  }

  /** The settings that the update command of a parameter reads. */
  private blockOf(param: Tensor): SettingBlock {
    let block = this.settingBlocks.get(param);
    if (block !== undefined && block.storage.executor !== param.executor) {
      block.storage.release();
      block = undefined;
    }
    if (block === undefined) {
      block = {
        storage: Storage.allocate(param.executor, SETTING_ELEMENTS),
        last: new Float64Array(SETTING_ELEMENTS).fill(Number.NaN),
      };
      this.settingBlocks.set(param, block);
    }
    return block;
  }
}

/** Frees the copies of gradients that were not contiguous. */
function release(steps: readonly { param: Tensor; gradient: Tensor }[]): void {
  for (const { param, gradient } of steps) done(gradient, param.variable!.grad!);
}

/** Has all that an update needs in the heap: nothing may run out of memory once updates wait to run. */
function bringBack({ param, gradient, state, block }: Omit<Step<object>, 'group'>): number {
  let sum = param.address + gradient.address + block.storage.address;
  // Some updates read which rows of a gradient are not zero.
  sum += rowsOf(gradient)?.places.marks ?? 0;
  for (const name in state) if (isTensor(state[name])) sum += state[name].address;
  return sum;
}

/** Runs the updates in an executor's program as one command. */
function runGrouped(executor: Executor): void {
  groupFrom(executor.program, 0, 0);
  executor.run();
}

/** A function that restores the numbers of a state, and has the settings written again. */
function remember(state: ParamState, { last }: SettingBlock): () => void {
  const numbers = numbersOf(state);
  return () => {
    for (const name of Object.keys(numbersOf(state))) delete state[name];
    Object.assign(state, numbers);
    last.fill(Number.NaN);
  };
}

/** The number of the step that is about to be made, counted from 1. */
export function nextStep(state: ParamState): number {
  const step = (typeof state.step === 'number' ? state.step : 0) + 1;
  state.step = step;
  return step;
}

/** The address of a remembered tensor, or 0 if there is none. */
export function addressOf(value: Tensor | number | undefined): number {
  return isTensor(value) ? value.address : 0;
}

const numbersOf = (state: ParamState): ParamState =>
  Object.fromEntries(Object.entries(state).filter(([, value]) => typeof value === 'number'));

function equal(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
