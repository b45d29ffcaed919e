/** The optimizer L-BFGS. Its vectors are plain numbers in float64, because float32 is too coarse for their long sums. */
import { ArgumentError, DeviceError, refuse, ShapeError, TraceError } from '../../bindings/errors.ts';
import { isFloat64Array } from '../../bindings/realm.ts';
import { checkTensor, constant } from '../ops/index.ts';
import { checkFinite, checkWhole, nameOf, noMore } from '../options.ts';
import { withGrad } from '../tape/mode.ts';
import { keep, scope } from '../tensor/scope.ts';
import { show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { tracing, untraced } from '../tensor/trace.ts';
import { type GroupOptions, Optimizer, type OptimizerState, type ParamGroup, type ParamState } from './optimizer.ts';
import { descend, type Memory, newMemory } from './quasiNewton.ts';
import { checkNames, isObject, numberIn, type SavedMemory, tensorIn } from './savedState.ts';
import { checkSize } from './settings.ts';
import { dot } from './vectors.ts';

/** Options of `LBFGS`. */
export interface LBFGSOptions {
  /** The length of steps, or, with a line search, the length to try first. Default 1. */
  lr?: number;
  /** The most iterations in a step. Default 20. */
  maxIter?: number;
  /** The number of evaluations of the closure in a step after which no iteration begins. Default 1.25·maxIter. */
  maxEval?: number;
  /** The step ends when no element of the gradient is larger. Default 1e-7. */
  toleranceGrad?: number;
  /** The step ends when neither the loss nor a parameter changes by more. Default 1e-9. */
  toleranceChange?: number;
  /** The number of past steps from which the curvature is estimated. Default 100. */
  historySize?: number;
  /** Search along each direction for a step that fulfils the strong Wolfe conditions. Default null: the length is lr. */
  lineSearchFn?: 'strong_wolfe' | null;
}

/**
 * Limited-memory BFGS: steps along −H·g, where H is an estimate of the inverse Hessian from the last steps. One call of `step` makes
 * several iterations; for each it calls the closure, which must clear the gradients and compute loss and gradients again. There is one
 * group of parameters. `step` does not work inside `compile` (the closure may call a compiled function).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 * @see Nocedal & Wright (2006), Numerical Optimization, chapter 7
 * @example
 * const steps = new optim.LBFGS(model.parameters(), { lineSearchFn: 'strong_wolfe' });
 * steps.step(() => {
 *   steps.zeroGrad();
 *   const loss = F.crossEntropy(model.forward(x), y);
 *   loss.backward();
 *   return loss;
 * });
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  private memory: Memory = newMemory();
  private evaluations = 0;

  constructor(params: Iterable<Tensor> | GroupOptions<LBFGSOptions>[], options: LBFGSOptions = {}) {
    if (arguments.length > 2) noMore('LBFGS', 2, arguments);
    super('LBFGS', params, options, {
      lr: 1,
      maxIter: 20,
      maxEval: Math.floor((options?.maxIter ?? 20) * 1.25),
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
    });
    if (this.paramGroups.length !== 1) {
      refuse(ArgumentError, 'LBFGS', `takes one group of parameters, got ${this.paramGroups.length}`, {
        argument: 'params',
        got: this.paramGroups.length,
      });
    }
  }

  protected override check(group: Required<LBFGSOptions>): void {
    checkSize('LBFGS', 'lr', group.lr);
    checkWhole('LBFGS', 'maxIter', group.maxIter, 1);
    checkWhole('LBFGS', 'maxEval', group.maxEval, 1);
    checkSize('LBFGS', 'toleranceGrad', group.toleranceGrad);
    checkSize('LBFGS', 'toleranceChange', group.toleranceChange);
    checkWhole('LBFGS', 'historySize', group.historySize, 1);
    if (group.lineSearchFn !== null && group.lineSearchFn !== 'strong_wolfe') {
      refuse(ArgumentError, 'LBFGS', `lineSearchFn must be 'strong_wolfe' or null, got ${String(group.lineSearchFn)}`, {
        argument: 'lineSearchFn',
        got: group.lineSearchFn,
      });
    }
  }

  private get group(): ParamGroup<LBFGSOptions> {
    return this.paramGroups[0]!;
  }

  private get params(): Tensor[] {
    return this.group.params;
  }

  /** The first parameter, under which everything is saved. */
  private get first(): Tensor {
    return this.params[0]!;
  }

  /**
   * Makes up to `maxIter` iterations.
   *
   * @param closure clears the gradients, computes loss and gradients, and returns the loss
   * @returns the loss before the first iteration
   * @throws TraceError inside `compile`: the number of iterations depends on values
   */
  override step(closure: () => Tensor): Tensor {
    if (arguments.length > 1) noMore('LBFGS.step', 1, arguments);
    const op = 'LBFGS.step';
    if (tracing !== null) {
      refuse(
        TraceError,
        op,
        'cannot be recorded by compile, because its iterations depend on values; compile what the closure calls instead',
      );
    }
    if (typeof closure !== 'function') {
      refuse(ArgumentError, op, 'needs a closure that computes loss and gradients and returns the loss', {
        argument: 'closure',
        got: closure,
      });
    }
    const { executor, device } = this.first;
    if (executor.download !== undefined) {
      refuse(DeviceError, op, `needs values at once, and those on ${device} can be read only asynchronously`, {
        got: device,
      });
    }
    this.checkSettings(op, this.paramGroups);
    const evaluate = (): Tensor => {
      this.evaluations++;
      const loss = withGrad(true, closure);
      checkTensor(op, 'the result of closure', loss);
      this.checkStep();
      return loss;
    };
    const loss = evaluate();
    const first = { value: loss.item(), gradient: this.gather(gradientOf) };
    const start = this.gather((param) => param.dataSync());
    const look = (x: Float64Array) => {
      this.scatter(x);
      return { value: scope(() => evaluate().item()), gradient: this.gather(gradientOf) };
    };
    const found = descend(look, start, first, this.memory, this.group, { round: this.rounding() });
    this.scatter(found);
    return loss;
  }

  /** The number of elements of all parameters. */
  private get elements(): number {
    return this.params.reduce((n, { numel }) => n + numel, 0);
  }

  /** One vector of what `read` gives for each parameter. */
  private gather(read: (param: Tensor) => ArrayLike<number>): Float64Array {
    const { params } = this;
    const all = new Float64Array(this.elements);
    let at = 0;
    for (const param of params) {
      all.set(read(param), at);
      at += param.numel;
    }
    return all;
  }

  private scatter(x: Float64Array): void {
    let at = 0;
    for (const param of this.params) {
      param.storage.willChange();
      param.executor.write(param.address, x.subarray(at, at + param.numel), 'float32');
      param.storage.version++;
      at += param.numel;
    }
  }

  /** The memory has the precision of the parameters, so that it can be saved without loss. */
  private rounding(): (v: Float64Array) => Float64Array {
    const isDouble = isFloat64Array(this.first.dataSync());
    return isDouble ? (v) => v : (v) => Float64Array.from(v, Math.fround);
  }

  /** As in the other optimizers, with everything under the first parameter. Its tensors live until the next call or `dispose()`. */
  override stateDict(): OptimizerState<LBFGSOptions> {
    if (arguments.length > 0) noMore('LBFGS.stateDict', 0, arguments);
    this.freeState();
    const { pairs, direction, gradient, length, iterations } = this.memory;
    if (this.evaluations > 0) {
      const state: ParamState = { evaluations: this.evaluations, iterations, length };
      if (iterations > 0) {
        state.direction = this.held([direction]);
        state.gradient = this.held([gradient]);
      }
      if (pairs.length > 0) {
        state.steps = this.held(pairs.map(({ step }) => step));
        state.changes = this.held(pairs.map(({ change }) => change));
      }
      this.state.set(this.first, state);
    }
    return super.stateDict();
  }

  /** Vectors as a tensor [rows, elements] that lives until it is disposed. */
  private held(rows: readonly Float64Array[]): Tensor {
    const { elements } = this;
    const { executor } = this.first;
    const t = untraced(() => keep(constant(executor, [rows.length, elements], 0)));
    rows.forEach((row, i) => {
      executor.write(t.address + i * elements, row, 'float32');
    });
    return t;
  }

  override loadStateDict(saved: OptimizerState<LBFGSOptions>): void {
    if (arguments.length > 1) noMore('LBFGS.loadStateDict', 1, arguments);
    super.loadStateDict(saved);
    this.memory = newMemory();
    const state = this.state.get(this.first) ?? {};
    const numberOf = (name: string) => (typeof state[name] === 'number' ? state[name] : 0);
    this.evaluations = numberOf('evaluations');
    if (state.direction !== undefined) {
      const n = this.elements;
      const vectorOf = (name: string) => Float64Array.from(isTensor(state[name]) ? state[name].dataSync() : []);
      const rowsOf = (name: string): Float64Array[] => {
        const all = vectorOf(name);
        return Array.from({ length: all.length / n }, (_, i) => all.slice(i * n, (i + 1) * n));
      };
      const changes = rowsOf('changes');
      const pairs = rowsOf('steps').map((step, i) => {
        const change = changes[i]!;
        return { step, change, product: dot(step, change) };
      });
      this.memory = {
        pairs,
        direction: vectorOf('direction'),
        gradient: vectorOf('gradient'),
        length: numberOf('length'),
        iterations: numberOf('iterations'),
      };
    }
    this.freeState();
  }

  protected override memoryIn(op: string, what: string, saved: unknown, param: Tensor): SavedMemory {
    if (param !== this.first)
      return refuse(ArgumentError, op, `expected a memory of parameter 0 only, got one of ${what}`, {
        argument: 'state',
        got: what,
      });
    if (!isObject(saved))
      return refuse(ArgumentError, op, `${what} must be an object, got ${nameOf(saved)}`, {
        argument: 'state',
        got: saved,
      });
    for (const names of [
      ['direction', 'gradient'],
      ['steps', 'changes'],
    ]) {
      const shapes = names.flatMap((name) => (isTensor(saved[name]) ? [saved[name].shape] : []));
      if (shapes.every((shape) => shape.length === 2 && shape[1] === this.elements)) continue;
      refuse(ShapeError, op, `vectors must have ${this.elements} elements, got ${shapes.map(show).join(' and ')}`, {
        argument: 'state',
        got: shapes,
        expected: this.elements,
      });
    }
    const pairs = rowsIn(saved.steps);
    const needed = ['evaluations', 'iterations', 'length'];
    if (saved.iterations !== 0) needed.push('direction', 'gradient');
    if (pairs > 0 || rowsIn(saved.changes) > 0) needed.push('steps', 'changes');
    checkNames(op, what, saved, needed);
    checkFinite(op, `length of ${what}`, saved.length);
    const vectors = (name: string, rows: number) =>
      tensorIn(op, `${name} of ${what}`, saved[name], [rows, this.elements]);
    return Object.fromEntries(
      needed.map((name) => {
        const value = saved[name];
        if (name === 'length') return [name, value as number];
        if (name === 'evaluations' || name === 'iterations')
          return [name, numberIn(op, `${name} of ${what}`, value, 'count')];
        return [name, vectors(name, name === 'direction' || name === 'gradient' ? 1 : pairs)];
      }),
    );
  }
}

/** The number of vectors in a saved value. */
function rowsIn(value: unknown): number {
  if (isTensor(value)) return value.shape[0] ?? 0;
  return Array.isArray(value) ? value.length : 0;
}

function gradientOf(param: Tensor): ArrayLike<number> {
  const gradient = param.variable?.grad ?? null;
  return gradient === null ? new Uint8Array(param.numel) : gradient.dataSync();
}
