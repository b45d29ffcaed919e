/** The base of all optimizers: parameter groups, state for each parameter, state dicts. */
import { ArgumentError, DeviceError, DTypeError, ShapeError } from '../../bindings/errors.ts';
import { constant } from '../ops/index.ts';
import { checkOptions } from '../options.ts';
import { commonExecutor, materialize } from '../program/emit.ts';
import { untraced } from '../program/trace.ts';
import { dropGrad } from '../tensor/base.ts';
import { keep } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Parameters with settings of their own; settings that are left out are the optimizer's. */
export type GroupOptions<O> = Partial<O> & {
  /** Float32 leaves, contiguous, none of them in two groups. */
  params: Iterable<Tensor> | Tensor;
};

/** A parameter group with all its settings; they may be changed between steps. */
export type ParamGroup<O> = Required<O> & {
  /** The parameters of the group. */
  params: Tensor[];
};

/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, Tensor | number>;

/** An optimizer's memory by parameter number, and its groups. */
export interface OptimizerState<O> {
  /** What is remembered of each parameter, by its number: they are counted through all groups. */
  state: Record<number, ParamState>;
  /** The groups with all their settings. */
  paramGroups: (Required<O> & {
    /** The numbers of the group's parameters. */
    params: number[];
  })[];
}

function isGroups<O>(params: Iterable<Tensor> | GroupOptions<O>[]): params is GroupOptions<O>[] {
  return Array.isArray(params) && params.length > 0 && !(params[0] instanceof Tensor);
}

/** Frees the tensors of optimizers' memory. */
function disposeAll(states: ReadonlyMap<Tensor, ParamState>): void {
  for (const values of states.values())
    for (const value of Object.values(values)) if (value instanceof Tensor) value.dispose();
}

/** What all optimizers have in common. */
export abstract class Optimizer<O extends object> {
  /** Groups of parameters with their settings, live: `optimizer.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: ParamGroup<O>[];
  protected readonly state = new Map<Tensor, ParamState>();

  constructor(
    protected readonly name: string,
    params: Iterable<Tensor> | GroupOptions<O>[],
    options: O,
    defaults: Required<O>,
  ) {
    const known = Object.keys(defaults);
    checkOptions(name, options, known);
    const groups = isGroups(params) ? params : [{ params } as GroupOptions<O>];
    this.paramGroups = groups.map((group) => {
      const one = group?.params instanceof Tensor ? [group.params] : group?.params;
      if (typeof (one as { [Symbol.iterator]?: unknown } | undefined)?.[Symbol.iterator] !== 'function') {
        throw new ArgumentError(`${name}: params must be a list of tensors or of groups { params, … }`, {
          op: name,
          argument: 'params',
          got: group,
        });
      }
      checkOptions(name, group, ['params', ...known]);
      return { ...defaults, ...options, ...group, params: [...one] };
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

  /**
   * Changes the parameters by their gradients. A closure evaluates the model again and returns the loss, which `step` then returns.
   */
  abstract step(closure?: () => Tensor): Tensor | undefined;

  /** Refuses gradients that do not fit their parameters, before any parameter is changed. */
  protected checkGradients(): void {
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

  /** @internal The tensors that it remembers of its parameters. */
  remembered(): Tensor[] {
    return [...this.state.values()].flatMap((values) =>
      Object.values(values).filter((value) => value instanceof Tensor),
    );
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
    for (const [number, values] of Object.entries(saved.state)) this.checkState(number, values, params[Number(number)]);
    // Copied before the present memory is freed: `saved` may be of this very optimizer.
    const copies = new Map<Tensor, ParamState>();
    try {
      for (const [number, values] of Object.entries(saved.state)) {
        const param = params[Number(number)]!;
        const own: ParamState = {};
        copies.set(param, own);
        for (const [name, value] of Object.entries(values))
          own[name] = value instanceof Tensor ? this.copyOf(value, param) : value;
      }
    } catch (error) {
      disposeAll(copies);
      throw error;
    }
    this.freeState();
    for (const [param, own] of copies) this.state.set(param, own);
    saved.paramGroups.forEach((group, i) => {
      Object.assign(this.paramGroups[i]!, group, { params: this.paramGroups[i]!.params });
    });
  }

  /** Refuses a saved state that is not of this parameter. */
  protected checkState(number: string, values: ParamState, param: Tensor | undefined): void {
    const op = `${this.name}.loadStateDict`;
    if (param === undefined)
      throw new ArgumentError(`${op}: there is no parameter ${number}`, { op, argument: 'state', got: number });
    for (const [name, value] of Object.entries(values)) {
      if (!(value instanceof Tensor) || value.numel === param.numel) continue;
      throw new ArgumentError(
        `${op}: ${name} of parameter ${number} has ${value.numel} elements, the parameter ${param.numel}`,
        { op, argument: 'state' },
      );
    }
  }

  /** Frees the optimizer's memory. The parameters are not its own. */
  dispose(): void {
    this.freeState();
  }

  /** Zeros (or other equal values) of a parameter's size, which live as long as the optimizer. */
  protected zerosFor(param: Tensor, value = 0): Tensor {
    return untraced(() => keep(constant(param.executor, param.shape, value)));
  }

  protected stateOf(param: Tensor): ParamState {
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

  protected copyOf(value: Tensor, param: Tensor): Tensor {
    if (value.executor === param.executor) return untraced(() => keep(materialize(value)));
    if (value.executor.download !== undefined) {
      throw new DeviceError(
        `${this.name}: its memory is on ${value.device}, its parameters on ${param.device}; await move([model, optimizer], '${param.device}') brings both`,
        { op: this.name, got: value.device, expected: param.device },
      );
    }
    const copy = untraced(() => keep(constant(param.executor, value.shape, 0)));
    copy.executor.write(copy.address, value.dataSync(), 'float32');
    return copy;
  }

  protected freeState(): void {
    disposeAll(this.state);
    this.state.clear();
  }
}
