/**
 * The tensor as data: a view (offset, shape, strides) of a counted storage, its element type, its gradient, and how it is freed. It knows
 * no operations; its methods come from src/methods.
 */
import { ArgumentError, AutogradError, DisposedError, refuse } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { isInstance, Marked, refuseOtherCopy } from '../copies.ts';
import { nameOf, noMore } from '../options.ts';
import {
  holdVariable,
  letGoOfVariable,
  type Membership,
  releaseHistory,
  takeGrad,
  untracked,
  Variable,
} from './graph.ts';
import { adopt, forget, type Keeper, letGo } from './scope.ts';
import { isContiguous, numelOf, type Shape, show } from './shapes.ts';
import type { Held, Storage } from './storage.ts';
import { active, tracing } from './trace.ts';

/** Elements as JavaScript arrays, one level per dimension. */
export type Nested = number | boolean | Nested[];

// Engines without explicit resource management lack the symbol that `using` looks for.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for('Symbol.dispose');

/**
 * An array of numbers of any shape that knows where it came from. Made by `tensor`, `zeros`, `randn` and the like.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.square().sum().backward();
 * x.grad?.toArray(); // [[2, 4], [6, 8]]
 */
export class Tensor<S extends Shape = Shape> extends Marked {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: S;
  /** For each dimension, the number of elements from one index to the next. */
  readonly strides: readonly number[];
  /** The element of the storage where the tensor starts. */
  readonly offset: number;
  /** Number of elements. */
  readonly numel: number;
  /** Whether its elements are in memory one after the other in row-major order. */
  readonly contiguous: boolean;
  /** @internal */
  storageOrNull: Storage | null;
  private ownVariable: Variable | null;
  /** @internal What it shares with its views, or with the tensor that it is a view of. */
  membership: Membership | null = null;
  /** @internal Who keeps scopes from freeing it. */
  kept: Keeper = false;
  /** @internal */
  held: Held | null = null;

  /** @internal Takes over one reference to `storage`. Tensors are made by functions such as `tensor` and `zeros`. */
  constructor(
    storage: Storage,
    shape: S,
    strides: readonly number[],
    offset: number,
    dtype: DType,
    variable: Variable | null = null,
  ) {
    super();
    storage.attach();
    this.storageOrNull = storage;
    // A copy, because the caller may change its array later.
    this.shape = shape.slice() as readonly number[] as S;
    this.strides = strides;
    this.offset = offset;
    this.dtype = dtype;
    this.numel = numelOf(shape);
    this.contiguous = isContiguous(shape, strides);
    this.ownVariable = variable;
    if (variable !== null) holdVariable(variable);
    adopt(this);
  }

  /** @internal The storage; throws DisposedError after `dispose()`. */
  get storage(): Storage {
    if (this.storageOrNull === null) {
      throw new DisposedError(
        `tensor ${show(this.shape)} was used after it had been disposed (by dispose(), or at the end of a scope: return or keep() what must live on)`,
      );
    }
    return this.storageOrNull;
  }

  /** @internal Element index in the executor's heap. */
  get address(): number {
    const { storage } = this;
    if (tracing !== null) tracing.capture(storage);
    return storage.address + this.offset;
  }

  /** @internal */
  get executor(): Executor {
    const { storage } = this;
    if (tracing !== null) tracing.meet(storage);
    return active(storage.executor);
  }

  /** @internal What autograd knows about it. */
  get variable(): Variable | null {
    const { membership } = this;
    if (membership !== null && membership.seen !== membership.history.writes)
      membership.history.follow(this, membership);
    return this.ownVariable;
  }

  /** Whether `dispose()` has been called, by hand or by a scope. */
  get isDisposed(): boolean {
    return this.storageOrNull === null;
  }

  /** Where the elements live. */
  get device(): Device {
    return this.storage.executor.device;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Whether operations on this tensor are recorded for `backward()`. */
  get requiresGrad(): boolean {
    const { variable } = this;
    if (variable === null) return false;
    if (tracing !== null && variable.node === null) tracing.dependsOn(variable, () => variable.requiresGrad);
    return variable.requiresGrad;
  }

  /** Switches recording on or off. Only leaves can be changed. */
  set requiresGrad(value: boolean) {
    if (value === this.requiresGrad) return;
    const op = 'requiresGrad';
    if (!this.isLeaf)
      refuse(AutogradError, op, 'only leaves can be changed; this tensor is the result of an operation (use detach())');
    if (value && this.dtype !== 'float32')
      refuse(AutogradError, op, `only float32 tensors can require gradients, this one is ${this.dtype}`);
    if (this.variable === null) this.setVariable(new Variable(value, null));
    else this.variable.requiresGrad = value;
    const { membership } = this;
    if (value && membership !== null && membership !== untracked) membership.history.leaf = this.variable;
  }

  /** Whether the tensor is not the result of a recorded operation. */
  get isLeaf(): boolean {
    return this.variable === null || this.variable.node === null;
  }

  /** Gradient of a leaf after `backward()`, or null. */
  get grad(): Tensor | null {
    const { variable } = this;
    if (variable === null || variable.grad === null) return null;
    if (!variable.gradExposed) {
      variable.gradExposed = true;
      // From now on the user has the handle too, and may `keep` it so that it outlives the leaf.
      variable.grad.kept = 'leaf alone';
    }
    return variable.grad;
  }

  /** Replaces the gradient; null forgets it. */
  set grad(value: Tensor | null) {
    if (value !== null && !isInstance(value, Tensor)) {
      refuse(ArgumentError, 'grad', `a gradient must be a tensor or null, got ${nameOf(value)}`, {
        argument: 'value',
        got: value,
      });
    }
    let { variable } = this;
    if (variable === null) {
      if (value === null) return;
      variable = new Variable(false, null);
      this.setVariable(variable);
    }
    // While a function is traced, it also matters that there is no gradient from here on.
    if (value === variable.grad && (value !== null || tracing === null)) return;
    dropGrad(variable);
    if (value !== null) {
      value.kept ||= 'leaf';
      variable.grad = value;
      variable.gradExposed = true;
    }
  }

  /** @internal */
  setVariable(variable: Variable | null): void {
    const before = this.ownVariable;
    if (variable !== null) holdVariable(variable);
    this.ownVariable = variable;
    if (this.held !== null) this.held.variable = variable;
    if (before !== null) letGoOfVariable(before);
  }

  /** @internal */
  setMembership(membership: Membership): void {
    const before = this.membership;
    this.membership = membership;
    if (this.held !== null) this.held.membership = membership;
    if (before !== null) releaseHistory(before);
  }

  /** @internal Has its elements elsewhere from now on: takes over one reference to `place`. */
  settle(place: Storage): void {
    const { storage, held } = this;
    if (held !== null) {
      storage.unlink(held);
      held.storage = place;
      place.link(held);
    }
    place.attach();
    this.storageOrNull = place;
    storage.detach();
    storage.release();
  }

  /** Frees the tensor. Its memory is reused once no view and no graph needs it any more. Using the tensor afterwards is an error. */
  dispose(): void {
    if (arguments.length > 0) noMore('dispose', 0, arguments);
    const { storageOrNull: storage, ownVariable: variable, membership } = this;
    if (storage === null) return;
    this.storageOrNull = null;
    this.ownVariable = null;
    this.membership = null;
    forget(this, storage);
    storage.detach();
    storage.release();
    if (variable !== null) letGoOfVariable(variable);
    if (membership !== null) releaseHistory(membership);
  }

  /** @internal The leaf whose gradient it was no longer needs it; the user may still have it. */
  letGo(): void {
    letGo(this);
  }

  /** For `using t = …`: like `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Forgets a leaf's gradient. */
export function dropGrad(variable: Variable): void {
  if (tracing?.drop(variable) !== true) takeGrad(variable);
}

/** Whether it is a tensor. One of another copy of saraf is refused. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor || refuseOtherCopy(value);
}
