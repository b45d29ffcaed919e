/**
 * Optimizers that change each element by itself: a step encodes the updates of all parameters into one program; learning rates and
 * other settings lie in memory that the commands read.
 */

import type { Executor } from '../../bindings/executor.ts';
import { dense, done } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { groupFrom } from '../program/group.ts';
import { withGrad } from '../tape/mode.ts';
import { Storage } from '../tensor/storage.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { type Tracer, tracing, untraced } from '../tensor/trace.ts';
import { Optimizer, type ParamGroup, type ParamState } from './optimizer.ts';
import { type Fields, memoryIn, type SavedMemory } from './savedState.ts';

/** Settings of one parameter in its executor's heap, and what was last written there. */
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
/** Words that the largest update command takes, and the head of a group, with room to spare. */
const UPDATE_WORDS = 32;

export abstract class ElementwiseOptimizer<O extends object> extends Optimizer<O> {
  private readonly settingBlocks = new Map<Tensor, SettingBlock>();
  /** The settings of one update on their way: steps make no garbage a parameter. */
  private readonly current = new Float64Array(SETTING_ELEMENTS);

  /** What is remembered of each parameter. */
  protected abstract get fields(): Fields;

  /** Puts the settings that the update command reads into `out`, for one parameter of a group. Called once before each update. */
  protected abstract settings(group: ParamGroup<O>, state: ParamState, out: Float64Array): void;

  /** Makes what is missing of the memory that updates of a parameter need. */
  protected abstract remember(group: ParamGroup<O>, param: Tensor, state: ParamState): void;

  /** Encodes the update of one parameter. It allocates nothing: updates of others wait to be run. */
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
    if (tracing === null) this.run(steps);
    else this.record(tracing, steps);
    release(steps);
    return loss;
  }

  /** All parameters that have gradients, and what their updates need: all memory is there before the first update is encoded. */
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

  /** Has the recorder at work take a parameter's memory where it takes the parameter. */
  private bringAlong(param: Tensor): void {
    tracing?.meet(param.storage);
    for (const value of Object.values(this.state.get(param) ?? {})) if (isTensor(value)) tracing?.meet(value.storage);
  }

  /** Updates all parameters of an executor in one command. */
  private run(steps: readonly Step<O>[]): void {
    const executors = new Set<Executor>();
    for (const { group, param, gradient, state, block } of steps) {
      const { executor } = param;
      const { program } = executor;
      if (program.length + UPDATE_WORDS > program.words.length) runGrouped(executor);
      this.update(group, param, gradient, state, block.storage.address);
      this.refresh(group, state, block);
      param.storage.version++;
      for (const name in state) if (isTensor(state[name])) state[name].storage.version++;
      executors.add(executor);
    }
    for (const executor of executors) runGrouped(executor);
  }

  /** The same, recorded: settings are written before every run. */
  private record(recorder: Tracer, steps: readonly Step<O>[]): void {
    const { length, commands } = recorder.program;
    // Settings that were changed to something wrong are refused where they are recorded again.
    recorder.conditions.push(() => this.areSettingsRight());
    for (const { group, param, gradient, state, block } of steps) {
      this.update(group, param, gradient, state, block.storage.address);
      recorder.capture(block.storage);
      recorder.beforeRun({
        memory: block.storage,
        run: () => this.refresh(group, state, block),
        save: () => remember(state, block),
      });
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

  /** Where the update command of a parameter finds its settings. */
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

/** Runs the updates in an executor's program as one command. */
function runGrouped(executor: Executor): void {
  groupFrom(executor.program, 0, 0);
  executor.run();
}

/** What puts the numbers of a state back, and has the settings written anew. */
function remember(state: ParamState, { last }: SettingBlock): () => void {
  const numbers = numbersOf(state);
  return () => {
    for (const name of Object.keys(numbersOf(state))) delete state[name];
    Object.assign(state, numbers);
    last.fill(Number.NaN);
  };
}

const numbersOf = (state: ParamState): ParamState =>
  Object.fromEntries(Object.entries(state).filter(([, value]) => typeof value === 'number'));

function equal(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
