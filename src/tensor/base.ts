/**
 * The data side of a tensor: a view (offset, shape, strides) on a counted storage, its element type, how to read it and
 * how to free it. It knows no arithmetic.
 */

import { ArgumentError, AutogradError, DeviceError, DisposedError, refuse } from '../../bindings/errors.ts';
import type { Device, DType, Executor, NumericArray } from '../../bindings/executor.ts';
import { backward } from '../autograd/engine.ts';
import { isInstance, Marked } from '../copies.ts';
import { materialize } from '../emit/emit.ts';
import { primitiveOf, refuseMistakes } from '../methods/mistakes.ts';
import type { Tensor } from '../methods/tensor.ts';
import { nameOf, noMore } from '../options.ts';
import { followHistory } from '../tape/views.ts';
import {
  holdVariable,
  letGoOfVariable,
  type Membership,
  releaseHistory,
  takeGrad,
  untracked,
  Variable,
} from './graph.ts';
import { adopt, forget, type Held, type Keeper, letGo } from './scope.ts';
import { isContiguous, numelOf, type Shape, show } from './shapes.ts';
import type { Storage } from './storage.ts';
import { active, tracing } from './trace.ts';
import { watching } from './watch.ts';

/** Elements as JavaScript arrays, one level a dimension. */
export type Nested = number | boolean | Nested[];

// Engines without explicit resource management lack the symbol that `using` looks for.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for('Symbol.dispose');

export class TensorBase<S extends Shape = Shape> extends Marked {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: S;
  /** Elements from one index to the next, a dimension each. */
  readonly strides: readonly number[];
  /** Element of the storage where the tensor starts. */
  readonly offset: number;
  /** Number of elements. */
  readonly numel: number;
  /** Whether its elements lie one after the other in row-major order. */
  readonly contiguous: boolean;
  /** @internal */
  storageOrNull: Storage | null;
  private ownVariable: Variable | null;
  /** @internal What it shares with its views and with what it is a view of, if there is any. */
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
    storage.handles++;
    this.storageOrNull = storage;
    // A copy: the caller may go on to change its array.
    this.shape = shape.slice() as readonly number[] as S;
    this.strides = strides;
    this.offset = offset;
    this.dtype = dtype;
    this.numel = numelOf(shape);
    this.contiguous = isContiguous(shape, strides);
    this.ownVariable = variable;
    if (variable !== null) holdVariable(variable);
    adopt(this as unknown as Tensor);
  }

  /** @internal The storage; throws DisposedError after `dispose()`. */
  get storage(): Storage {
    if (this.storageOrNull === null) {
      throw new DisposedError(
        `tensor ${show(this.shape)} was used after it had been disposed (by dispose(), or at the end of a scope or of a DataLoader step: keep() what shall live on)`,
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

  /** @internal What autograd knows of it. */
  get variable(): Variable | null {
    const { membership } = this;
    if (membership !== null && membership.seen !== membership.history.writes)
      followHistory(this as unknown as Tensor, membership);
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

  /** Switches recording on or off; of leaves only. */
  set requiresGrad(value: boolean) {
    if (value === this.requiresGrad) return;
    if (!this.isLeaf)
      throw new AutogradError(
        'requiresGrad: only leaves can be changed; this tensor is the result of an operation (use detach())',
      );
    if (value && this.dtype !== 'float32') {
      throw new AutogradError(`requiresGrad: only float32 tensors can require gradients, this one is ${this.dtype}`);
    }
    if (this.variable === null) this.setVariable(new Variable(value, null));
    else this.variable.requiresGrad = value;
    const { membership } = this;
    if (value && membership !== null && membership !== untracked) membership.history.leaf = this.variable;
  }

  /** Whether the tensor was made by hand, not by a recorded operation. */
  get isLeaf(): boolean {
    return this.variable === null || this.variable.node === null;
  }

  /** Gradient of a leaf after `backward()`, or null. */
  get grad(): Tensor | null {
    const { variable } = this;
    if (variable === null || variable.grad === null) return null;
    if (!variable.gradExposed) {
      variable.gradExposed = true;
      // From now on the handle is the user's too: `keep` tells apart whether it outlives the leaf.
      variable.grad.kept = 'leaf alone';
    }
    return variable.grad;
  }

  /** Puts another gradient in its place; null forgets it. */
  set grad(value: Tensor | null) {
    if (value !== null && !isInstance(value, TensorBase)) {
      refuse(ArgumentError, 'grad', `a gradient must be a tensor or null, got ${nameOf(value)}`, {
        argument: 'value',
        got: value,
      });
    }
    if (this.variable === null) {
      if (value === null) return;
      this.setVariable(new Variable(false, null));
    }
    const variable = this.variable!;
    // While a function is recorded it is also noted that there is no gradient from here on.
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

  /**
   * The elements in row-major order, as a new array: Float32Array, Int32Array, or Uint8Array (0 and 1) for bool. They are those
   * of the moment of the call.
   *
   * @throws ArgumentError where operations on webgpu have met an index, or another number, that is out of range: the first since the last read
   */
  async data(): Promise<NumericArray> {
    if (arguments.length > 0) noMore('data', 0, arguments);
    const { executor } = this;
    if (executor.download === undefined) return this.dataSync();
    if (this.contiguous) return executor.download(this.address, this.numel, this.dtype);
    const dense = materialize(this as unknown as Tensor);
    try {
      return await executor.download(dense.address, dense.numel, dense.dtype);
    } finally {
      dense.dispose();
    }
  }

  /** As `data()`, at once. Throws DeviceError on webgpu, as `toArray()` and `item()` do. */
  dataSync(): NumericArray {
    if (arguments.length > 0) noMore('dataSync', 0, arguments);
    this.checkReadable('dataSync');
    if (this.contiguous) return this.executor.read(this.address, this.numel, this.dtype);
    const dense = materialize(this as unknown as Tensor);
    try {
      return dense.dataSync();
    } finally {
      dense.dispose();
    }
  }

  /** The elements as nested arrays; a number (or boolean) for a tensor without dimensions. */
  toArray(): Nested {
    if (arguments.length > 0) noMore('toArray', 0, arguments);
    this.checkReadable('toArray');
    const flat = this.dataSync();
    const isBool = this.dtype === 'bool';
    const { shape } = this;
    let at = 0;
    const build = (dim: number): Nested => {
      if (dim === shape.length) {
        const value = flat[at++]!;
        return isBool ? value !== 0 : value;
      }
      return Array.from({ length: shape[dim]! }, () => build(dim + 1));
    };
    return build(0);
  }

  /** What `JSON.stringify` writes: the elements as nested arrays. */
  toJSON(): Nested {
    return this.toArray();
  }

  private checkReadable(op: string): void {
    watching?.read(op, this as unknown as Tensor);
    if (this.executor.download === undefined) return;
    refuse(DeviceError, op, `a tensor on ${this.device} can be read asynchronously alone: await tensor.data()`, {
      got: this.device,
    });
  }

  /** The only element, as a number. Throws where there is more than one. */
  item(): number {
    if (arguments.length > 0) noMore('item', 0, arguments);
    if (this.numel !== 1) {
      refuse(ArgumentError, 'item', `only a tensor with one element has a value, this one is ${show(this.shape)}`, {
        got: this.shape,
      });
    }
    this.checkReadable('item');
    return this.executor.get(this.address, this.dtype);
  }

  /**
   * Gradients of this tensor for all leaves that it was made from, added to their `grad`. Frees what the graph saved
   * unless `retainGraph` is set.
   *
   * @param grad gradient of this tensor; 1 by default, which only a one-element tensor has
   */
  backward(grad?: Tensor, options: { retainGraph?: boolean; createGraph?: boolean } = {}): void {
    if (arguments.length > 2) noMore('backward', 2, arguments);
    backward(this as unknown as Tensor, grad, options);
  }

  /** Frees the tensor. Its memory goes back when no view and no graph needs it any more. Using it afterwards is an error. */
  dispose(): void {
    if (arguments.length > 0) noMore('dispose', 0, arguments);
    const { storageOrNull: storage, ownVariable: variable, membership } = this;
    if (storage === null) return;
    this.storageOrNull = null;
    this.ownVariable = null;
    this.membership = null;
    forget(this as unknown as Tensor);
    storage.handles--;
    storage.release();
    if (variable !== null) letGoOfVariable(variable);
    if (membership !== null) releaseHistory(membership);
  }

  /** @internal The leaf whose gradient it was, and that gave it to the user, needs it no longer. */
  letGo(): void {
    letGo(this as unknown as Tensor);
  }

  /** For `using t = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /**
   * What JavaScript's own operators see: the number of a tensor with one element and without gradient. Of others they are refused, except
   * that texts such as `${x}` print any tensor.
   */
  [Symbol.toPrimitive](hint: string): number | string {
    return primitiveOf(this, hint);
  }

  /** Shape, dtype and, of up to 100 elements that can be read at once, the values. */
  override toString(): string {
    if (arguments.length > 0) noMore('toString', 0, arguments);
    const body =
      this.storageOrNull === null
        ? 'disposed'
        : this.numel <= 100 && tracing === null && this.executor.download === undefined
          ? JSON.stringify(this.toArray())
          : `${this.numel} elements`;
    return `Tensor(${show(this.shape)}, ${this.dtype}, ${body})`;
  }
}

refuseMistakes(TensorBase.prototype);

/** Forgets a leaf's gradient. */
export function dropGrad(variable: Variable): void {
  if (tracing?.drop(variable) !== true) takeGrad(variable);
}
