/** The base of all optimizers: parameter groups, the memory of each parameter, state dicts. */
import { ArgumentError, DeviceError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { Marked } from '../copies.ts';
import { commonExecutor, materialize } from '../emit/emit.ts';
import { constant } from '../ops/index.ts';
import { checkOptions, kindsOf, nameOf, noMore, shown, VALUE } from '../options.ts';
import { keep } from '../tensor/scope.ts';
import { type Shape, sameShape, show } from '../tensor/shapes.ts';
import { dropGrad, isTensor, type Tensor } from '../tensor/tensor.ts';
import { untraced } from '../tensor/trace.ts';
import { checkNames, isObject, type SavedMemory, type SavedTensor } from './savedState.ts';

/** Parameters with settings of their own; settings that are left out are those of the optimizer. */
export type GroupOptions<O> = Partial<O> & {
  /** Float32 leaves, contiguous, each in one group only. */
  params: Iterable<Tensor> | Tensor;
};

/** A parameter group with all its settings; they may be changed between steps. */
export type ParamGroup<O> = Required<O> & {
  /** The parameters of the group. */
  params: Tensor[];
};

/** What an optimizer remembers for one parameter. */
export type ParamState = Record<string, Tensor | number>;

/** An optimizer's memory by parameter number, and its groups. */
export interface OptimizerState<O> {
  /** The name of the optimizer's class; optimizers of other classes refuse the state. */
  kind?: string;
  /** What is remembered for each parameter, by its number: they are counted through all groups. */
  state: Record<number, ParamState>;
  /** The groups with all their settings. */
  paramGroups: (Required<O> & {
    /** The numbers of the group's parameters. */
    params: number[];
  })[];
}

function isGroups<O>(params: Iterable<Tensor> | GroupOptions<O>[]): params is GroupOptions<O>[] {
  return Array.isArray(params) && params.length > 0 && !isTensor(params[0]);
}

/** A copy of a group, lists such as betas included. */
function copied<T extends object>(group: T): T {
  return Object.fromEntries(
    Object.entries(group).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ) as T;
}

/** Whether this can be iterated over. */
function isIterable<T>(given: Iterable<T> | undefined): given is Iterable<T> {
  return typeof given?.[Symbol.iterator] === 'function';
}

/** Frees the tensors of an optimizer's memory. */
function disposeAll(states: ReadonlyMap<Tensor, ParamState>): void {
  for (const values of states.values()) for (const value of Object.values(values)) if (isTensor(value)) value.dispose();
}

/** Refuses a gradient that a step cannot use. */
function checkGradient(op: string, param: Tensor): void {
  const gradient = param.variable?.grad;
  if (gradient === undefined || gradient === null) return;
  commonExecutor(op, param, gradient);
  if (gradient.dtype !== 'float32') {
    refuse(DTypeError, op, `gradients must be float32, got ${gradient.dtype}`, {
      argument: 'grad',
      got: gradient.dtype,
    });
  }
  if (!sameShape(gradient.shape, param.shape)) {
    refuse(ShapeError, op, `a gradient is ${show(gradient.shape)}, its parameter ${show(param.shape)}`, {
      argument: 'grad',
      got: gradient.shape,
      expected: param.shape,
    });
  }
}

/** What all optimizers have in common. */
export abstract class Optimizer<O extends object> extends Marked {
  /** Groups of parameters with their settings, live: `optimizer.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: ParamGroup<O>[];

  protected readonly state = new Map<Tensor, ParamState>();
  private readonly settingNames: readonly string[];

  constructor(
    protected readonly name: string,
    params: Iterable<Tensor> | GroupOptions<O>[],
    options: O,
    defaults: Required<O>,
  ) {
    super();
    this.settingNames = Object.keys(defaults);
    const kinds = kindsOf<O>(defaults);
    checkOptions<O>(name, options, kinds);
    const groups = isGroups(params) ? params : [{ params } as GroupOptions<O>];
    this.paramGroups = groups.map((group) => {
      const one = isTensor(group?.params) ? [group.params] : group?.params;
      if (!isIterable(one)) {
        refuse(ArgumentError, name, 'params must be a list of tensors or of groups { params, … }', {
          argument: 'params',
          got: group,
        });
      }
      checkOptions<object>(name, group, { params: VALUE, ...kinds });
      return { ...defaults, ...options, ...group, params: [...one] };
    });
    const seen = new Set<Tensor>();
    for (const group of this.paramGroups) {
      this.check(group);
      for (const param of group.params) {
        if (!isTensor(param))
          refuse(ArgumentError, name, 'parameters must be tensors', { argument: 'params', got: param });
        if (!param.isLeaf)
          refuse(ArgumentError, name, 'only leaves can be optimized; one parameter is the result of an operation', {
            argument: 'params',
          });
        if (param.dtype !== 'float32')
          refuse(DTypeError, name, `parameters must be float32, got ${param.dtype}`, {
            argument: 'params',
            got: param.dtype,
          });
        if (!param.contiguous) refuse(ArgumentError, name, 'parameters must be contiguous', { argument: 'params' });
        if (seen.has(param)) refuse(ArgumentError, name, 'a parameter appears twice', { argument: 'params' });
        seen.add(param);
      }
    }
    if (seen.size === 0) refuse(ArgumentError, name, 'no parameters were given', { argument: 'params' });
  }

  /** Refuses settings out of their range. */
  protected abstract check(group: Required<O>): void;

  /** Refuses settings out of their range in any of the groups: they may have been changed to anything. */
  protected checkSettings(op: string, groups: readonly Required<O>[]): void {
    for (let i = 0; i < groups.length; i++) {
      try {
        this.check(groups[i]!);
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        const { message, argument, got, expected } = error;
        const what = message.replace(`${this.name}: `, `paramGroups[${i}].`);
        refuse(ArgumentError, op, what, { argument, got, expected });
      }
    }
  }

  /**
   * Changes the parameters by their gradients. A closure evaluates the model again and returns the loss, which `step` then returns.
   */
  abstract step(closure?: () => Tensor): Tensor | undefined;

  /** Refuses settings out of their range, and gradients that do not fit their parameters, before anything is changed. */
  protected checkStep(): void {
    const op = `${this.name}.step`;
    this.checkSettings(op, this.paramGroups);
    for (const { params } of this.paramGroups) for (const param of params) checkGradient(op, param);
  }

  /** @internal The tensors that it remembers for its parameters. */
  remembered(): Tensor[] {
    return [...this.state.values()].flatMap((values) => Object.values(values).filter(isTensor));
  }

  /** Clears the gradients of all parameters. */
  zeroGrad(): void {
    if (arguments.length > 0) noMore('Optimizer.zeroGrad', 0, arguments);
    for (const { params } of this.paramGroups)
      for (const { variable } of params) if (variable !== null) dropGrad(variable);
  }

  /** Memory and settings, for saving: the live tensors, not copies. */
  stateDict(): OptimizerState<O> {
    if (arguments.length > 0) noMore('Optimizer.stateDict', 0, arguments);
    const numbers = new Map<Tensor, number>();
    const paramGroups = this.paramGroups.map((group) => ({
      ...copied(group),
      params: group.params.map((param) => {
        numbers.set(param, numbers.size);
        return numbers.size - 1;
      }),
    }));
    const state: Record<number, ParamState> = {};
    for (const [param, number] of numbers) {
      const values = this.state.get(param);
      if (values !== undefined) state[number] = { ...values };
    }
    return { kind: this.name, state, paramGroups };
  }

  /**
   * Takes memory and settings from `stateDict()` of an optimizer of this class with the same groups, also after
   * `JSON.parse(JSON.stringify(state))`. Tensors are copied.
   *
   * @throws ArgumentError, ShapeError or DTypeError that names what is wrong with any other state, before anything is changed
   */
  loadStateDict(saved: OptimizerState<O>): void {
    if (arguments.length > 1) noMore('Optimizer.loadStateDict', 1, arguments);
    const op = `${this.name}.loadStateDict`;
    const memory = this.checkState(op, saved);
    // Copied before the present memory is freed, because `saved` may be of this very optimizer.
    const copies = new Map<Tensor, ParamState>();
    try {
      for (const [param, values] of memory) {
        const own: ParamState = {};
        copies.set(param, own);
        for (const [name, value] of Object.entries(values))
          own[name] = typeof value === 'number' ? value : this.copyOf(value, param);
      }
    } catch (error) {
      disposeAll(copies);
      throw error;
    }
    this.freeState();
    for (const [param, own] of copies) this.state.set(param, own);
    saved.paramGroups.forEach((group, i) => {
      const own = this.paramGroups[i]!;
      Object.assign(own, copied(group), { params: own.params });
    });
  }

  /** The memory of each parameter in a saved state. Refuses a state that is not of such an optimizer. */
  private checkState(op: string, saved: unknown): Map<Tensor, SavedMemory> {
    if (!isObject(saved) || !isObject(saved.state) || !Array.isArray(saved.paramGroups))
      return refuse(
        ArgumentError,
        op,
        `expected { kind, state, paramGroups } as stateDict() gives it, got ${nameOf(saved)}`,
        { argument: 'state', got: saved },
      );
    checkNames(op, 'the state', saved, ['state', 'paramGroups'], ['kind']);
    const { kind = this.name, state, paramGroups } = saved;
    if (kind !== this.name)
      refuse(ArgumentError, op, `the state is of ${shown(kind)}, not of ${this.name}`, {
        argument: 'state',
        got: kind,
      });
    this.checkGroups(op, paramGroups);
    const params = this.paramGroups.flatMap((group) => group.params);
    return new Map(
      Object.entries(state).map(([number, values]) => {
        const param = params[Number(number)];
        if (param === undefined || String(Number(number)) !== number)
          return refuse(ArgumentError, op, `there is no parameter ${number}; there are ${params.length}`, {
            argument: 'state',
            got: number,
          });
        return [param, this.memoryIn(op, `parameter ${number}`, values, param)];
      }),
    );
  }

  /** The memory of one parameter, which errors call `what`, in a saved state. */
  protected abstract memoryIn(op: string, what: string, saved: unknown, param: Tensor): SavedMemory;

  /** Refuses groups of other sizes, with missing or unknown settings, or with settings out of their range. */
  private checkGroups(op: string, groups: readonly unknown[]): void {
    const sizes = (all: readonly unknown[]) =>
      `[${all.map((group) => (isObject(group) && Array.isArray(group.params) ? group.params.length : 'no')).join(', ')}]`;
    if (sizes(groups) !== sizes(this.paramGroups))
      refuse(
        ArgumentError,
        op,
        `groups of ${sizes(groups)} parameters do not fit groups of ${sizes(this.paramGroups)}`,
        { argument: 'state' },
      );
    let count = 0;
    for (const [i, group] of groups.entries()) {
      if (!isObject(group) || !Array.isArray(group.params)) continue;
      const what = `paramGroups[${i}]`;
      checkNames(op, what, group, ['params', ...this.settingNames], Object.keys(this.paramGroups[i] ?? {}));
      for (const number of group.params)
        if (number !== count++)
          refuse(ArgumentError, op, `${what}.params must count the parameters through all groups`, {
            argument: 'state',
            got: group.params,
          });
    }
    this.checkSettings(op, groups as Required<O>[]);
  }

  /** Frees the optimizer's memory. It does not own the parameters. */
  dispose(): void {
    if (arguments.length > 0) noMore('Optimizer.dispose', 0, arguments);
    this.freeState();
  }

  /** A tensor of the parameter's shape, filled with one value, which lives as long as the optimizer. */
  protected zerosFor(param: Tensor, value = 0): Tensor {
    return untraced(() => keep(constant(param.executor, param.shape, value)));
  }

  protected stateOf(param: Tensor): ParamState {
    let state = this.state.get(param);
    if (state === undefined) {
      state = {};
      this.state.set(param, state);
    }
    for (const name in state) {
      const value = state[name];
      if (isTensor(value) && value.executor !== param.executor) {
        state[name] = this.copyOf(value, param);
        value.dispose();
      }
    }
    return state;
  }

  protected copyOf(value: SavedTensor, param: Tensor): Tensor {
    if (!isTensor(value)) return this.written(value.values, value.shape, param);
    if (value.executor === param.executor) return untraced(() => keep(materialize(value)));
    if (value.executor.download !== undefined) {
      refuse(
        DeviceError,
        this.name,
        `its memory is on ${value.device}, its parameters are on ${param.device}; await move([model, optimizer], '${param.device}') moves both`,
        { got: value.device, expected: param.device },
      );
    }
    return this.written(value.dataSync(), value.shape, param);
  }

  /** These numbers as a tensor on the device of a parameter. */
  private written(values: ArrayLike<number>, shape: Shape, param: Tensor): Tensor {
    const copy = untraced(() => keep(constant(param.executor, shape, 0)));
    copy.executor.write(copy.address, values, 'float32');
    return copy;
  }

  protected freeState(): void {
    disposeAll(this.state);
    this.state.clear();
  }
}
