/**
 * The base of all optimizers: parameter groups, state for each parameter, state dicts. A step encodes the updates of all
 * parameters into one program; learning rates and other settings lie in memory that the commands read.
 */
import { ArgumentError, DTypeError, ShapeError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { withGrad } from '../autograd/mode.ts';
import { constant } from '../ops/index.ts';
import { checkOptions } from '../options.ts';
import { commonExecutor, dense, done } from '../program/emit.ts';
import { groupFrom } from '../program/group.ts';
import type { Recorder } from '../program/recorder.ts';
import { tracing, untraced } from '../program/trace.ts';
import { dropGrad } from '../tensor/base.ts';
import { keep } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Parameters with settings of their own; settings that are left out are the optimizer's. */
export type GroupOptions<O> = Partial<O> & { params: Iterable<Tensor> };

/** A parameter group with all its settings; they may be changed between steps. */
export type ParamGroup<O> = Required<O> & { params: Tensor[] };

/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, Tensor | number>;

/** An optimizer's memory by parameter number, and its groups. */
export interface OptimizerState<O> {
  state: Record<number, ParamState>;
  paramGroups: (Required<O> & { params: number[] })[];
}

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

function isGroups<O>(params: Iterable<Tensor> | GroupOptions<O>[]): params is GroupOptions<O>[] {
  return Array.isArray(params) && params.length > 0 && !(params[0] instanceof Tensor);
}

export abstract class Optimizer<O extends object> {
  /** Groups of parameters with their settings, live: `optimizer.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: ParamGroup<O>[];
  protected readonly state = new Map<Tensor, ParamState>();
  private readonly settingBlocks = new Map<Tensor, SettingBlock>();
  /** The settings of one update on their way: steps make no garbage a parameter. */
  private readonly current = new Float64Array(SETTING_ELEMENTS);

  constructor(
    private readonly name: string,
    params: Iterable<Tensor> | GroupOptions<O>[],
    options: O,
    defaults: Required<O>,
  ) {
    const known = Object.keys(defaults);
    checkOptions(name, options, known);
    const groups = isGroups(params) ? params : [{ params } as GroupOptions<O>];
    this.paramGroups = groups.map((group) => {
      if (typeof (group?.params as { [Symbol.iterator]?: unknown } | undefined)?.[Symbol.iterator] !== 'function') {
        throw new ArgumentError(`${name}: params must be a list of tensors or of groups { params, … }`, {
          op: name,
          argument: 'params',
          got: group,
        });
      }
      checkOptions(name, group, ['params', ...known]);
      return { ...defaults, ...options, ...group, params: [...group.params] };
    });
    const seen = new Set<Tensor>();
    for (const group of this.paramGroups) {
      this.check(group);
      for (const param of group.params) {
        if (!(param instanceof Tensor))
          throw new ArgumentError(`${name}: parameters must be tensors`, { op: name, argument: 'params', got: param });
        if (!param.isLeaf)
          throw new ArgumentError(
            `${name}: only leaves can be optimized, one parameter is the result of an operation`,
            { op: name, argument: 'params' },
          );
        if (param.dtype !== 'float32')
          throw new DTypeError(`${name}: parameters must be float32, got ${param.dtype}`, {
            op: name,
            argument: 'params',
            got: param.dtype,
          });
        if (!param.contiguous)
          throw new ArgumentError(`${name}: parameters must be contiguous`, { op: name, argument: 'params' });
        if (seen.has(param))
          throw new ArgumentError(`${name}: a parameter appears twice`, { op: name, argument: 'params' });
        seen.add(param);
      }
    }
    if (seen.size === 0) throw new ArgumentError(`${name}: no parameters were given`, { op: name, argument: 'params' });
  }

  /** Refuses settings outside their domain. */
  protected abstract check(group: Required<O>): void;

  /** Puts the settings that the update command reads into `out`, for one parameter of a group. Called once before each update. */
  protected abstract settings(group: ParamGroup<O>, state: ParamState, out: Float64Array): void;

  /** Encodes the update of one parameter. */
  protected abstract update(
    group: ParamGroup<O>,
    param: Tensor,
    gradient: Tensor,
    state: ParamState,
    settings: number,
  ): void;

  /**
   * Changes every parameter that has a gradient.
   *
   * @param closure evaluates the model again and returns the loss, which `step` then returns
   */
  step(): undefined;
  step(closure: () => Tensor): Tensor;
  step(closure?: () => Tensor): Tensor | undefined {
    const loss = closure === undefined ? undefined : withGrad(true, closure);
    this.checkGradients();
    const steps = this.prepare();
    if (tracing === null) this.run(steps);
    else this.record(tracing, steps);
    for (const { param, gradient } of steps) done(gradient, param.variable!.grad!);
    return loss;
  }

  /** All parameters that have gradients, and what their updates need. Runs nothing afterwards but those. */
  private prepare(): Step<O>[] {
    const steps: Step<O>[] = [];
    for (const group of this.paramGroups) {
      for (const param of group.params) {
        const gradient = param.variable?.grad;
        if (gradient === undefined || gradient === null) continue;
        const state = untraced(() => this.stateOf(param));
        const block = untraced(() => this.blockOf(param));
        steps.push({ group, param, gradient: dense(gradient), state, block });
      }
    }
    return steps;
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
      for (const name in state) if (state[name] instanceof Tensor) state[name].storage.version++;
      executors.add(executor);
    }
    for (const executor of executors) runGrouped(executor);
  }

  /** The same, recorded: settings are written before every run. */
  private record(recorder: Recorder, steps: readonly Step<O>[]): void {
    const { length, commands } = recorder.program;
    for (const { group, param, gradient, state, block } of steps) {
      this.update(group, param, gradient, state, block.storage.address);
      recorder.capture(block.storage);
      recorder.beforeRun(() => this.refresh(group, state, block));
      param.storage.version++;
    }
    groupFrom(recorder.program, length, commands);
  }

  /** Refuses gradients that do not fit their parameters, before any parameter is changed. */
  private checkGradients(): void {
    const op = `${this.name}.step`;
    for (const param of this.paramGroups.flatMap((group) => group.params)) {
      const gradient = param.variable?.grad;
      if (gradient === undefined || gradient === null) continue;
      commonExecutor(op, param, gradient);
      if (gradient.dtype !== 'float32') {
        throw new DTypeError(`${op}: gradients must be float32, got ${gradient.dtype}`, {
          op,
          argument: 'grad',
          got: gradient.dtype,
        });
      }
      if (!sameShape(gradient.shape, param.shape)) {
        throw new ShapeError(`${op}: a gradient is ${show(gradient.shape)}, its parameter ${show(param.shape)}`, {
          op,
          argument: 'grad',
          got: gradient.shape,
          expected: param.shape,
        });
      }
    }
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups)
      for (const { variable } of params) if (variable !== null) dropGrad(variable);
  }

  /** Memory and settings, for saving: the live tensors, not copies. */
  stateDict(): OptimizerState<O> {
    const numbers = new Map<Tensor, number>();
    const paramGroups = this.paramGroups.map((group) => ({
      ...group,
      params: group.params.map((param) => {
        numbers.set(param, numbers.size);
        return numbers.size - 1;
      }),
    }));
    const state: Record<number, ParamState> = {};
    for (const [param, values] of this.state) state[numbers.get(param)!] = { ...values };
    return { state, paramGroups };
  }

  /** Takes over memory and settings from `stateDict()` of an optimizer with the same groups. Tensors are copied. */
  loadStateDict(saved: OptimizerState<O>): void {
    const op = `${this.name}.loadStateDict`;
    const sizes = (groups: { params: unknown[] }[]) => groups.map(({ params }) => params.length).join(', ');
    if (sizes(saved.paramGroups) !== sizes(this.paramGroups)) {
      throw new ArgumentError(
        `${op}: groups of [${sizes(saved.paramGroups)}] parameters do not fit groups of [${sizes(this.paramGroups)}]`,
        { op, argument: 'state' },
      );
    }
    const params = this.paramGroups.flatMap((group) => group.params);
    for (const [number, values] of Object.entries(saved.state)) {
      for (const [name, value] of Object.entries(values)) {
        if (value instanceof Tensor && value.numel !== params[Number(number)]?.numel) {
          throw new ArgumentError(
            `${op}: ${name} of parameter ${number} has ${value.numel} elements, the parameter ${params[Number(number)]?.numel}`,
            { op, argument: 'state' },
          );
        }
      }
    }
    this.freeState();
    for (const [number, values] of Object.entries(saved.state)) {
      const param = params[Number(number)]!;
      const own: ParamState = {};
      for (const [name, value] of Object.entries(values))
        own[name] = value instanceof Tensor ? this.copyOf(value, param) : value;
      this.state.set(param, own);
    }
    saved.paramGroups.forEach((group, i) => {
      Object.assign(this.paramGroups[i]!, group, { params: this.paramGroups[i]!.params });
    });
  }

  /** Frees the optimizer's memory. The parameters are not its own. */
  dispose(): void {
    this.freeState();
    for (const { storage } of this.settingBlocks.values()) storage.release();
    this.settingBlocks.clear();
  }

  /** Zeros (or other equal values) of a parameter's size, which live as long as the optimizer. */
  protected zerosFor(param: Tensor, value = 0): Tensor {
    return untraced(() => keep(constant(param.executor, param.shape, value)));
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

  private stateOf(param: Tensor): ParamState {
    let state = this.state.get(param);
    if (state === undefined) {
      state = {};
      this.state.set(param, state);
    }
    for (const [name, value] of Object.entries(state)) {
      if (value instanceof Tensor && value.executor !== param.executor) {
        state[name] = this.copyOf(value, param);
        value.dispose();
      }
    }
    return state;
  }

  private copyOf(value: Tensor, param: Tensor): Tensor {
    const copy = this.zerosFor(param);
    copy.executor.write(copy.address, value.dataSync(), 'float32');
    return copy;
  }

  private freeState(): void {
    for (const values of this.state.values())
      for (const value of Object.values(values)) if (value instanceof Tensor) value.dispose();
    this.state.clear();
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

/** Runs the updates in an executor's program as one command. */
function runGrouped(executor: Executor): void {
  groupFrom(executor.program, 0, 0);
  executor.run();
}

function equal(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
