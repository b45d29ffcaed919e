/** Methods that read a tensor, print it, or compute its gradients. */
import { ArgumentError, DeviceError, refuse } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { backward } from '../autograd/engine.ts';
import { materialize } from '../emit/emit.ts';
import { inspect } from '../inspect.ts';
import { noMore } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Nested, Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { watching } from '../tensor/watch.ts';
import { primitiveOf } from './mistakes.ts';

function checkReadable(x: Tensor, op: string): void {
  watching?.read(op, x);
  if (x.executor.download === undefined) return;
  refuse(DeviceError, op, `a tensor on ${x.device} can be read only asynchronously: await tensor.data()`, {
    got: x.device,
  });
}

export class ReadingMethods {
  /**
   * The elements in row-major order at the time of the call, as a new array: Float32Array, Int32Array, or Uint8Array (0 and 1) for bool.
   *
   * @throws ArgumentError if an operation on webgpu met an index, or another number, that is out of range: the first since the last read
   */
  async data(this: Tensor): Promise<NumericArray> {
    if (arguments.length > 0) noMore('data', 0, arguments);
    const { executor } = this;
    if (executor.download === undefined) return this.dataSync();
    if (this.contiguous) return executor.download(this.address, this.numel, this.dtype);
    const dense = materialize(this);
    try {
      return await executor.download(dense.address, dense.numel, dense.dtype);
    } finally {
      dense.dispose();
    }
  }

  /** Like `data()`, but synchronous. Throws DeviceError on webgpu, as `toArray()` and `item()` do. */
  dataSync(this: Tensor): NumericArray {
    if (arguments.length > 0) noMore('dataSync', 0, arguments);
    checkReadable(this, 'dataSync');
    if (this.contiguous) return this.executor.read(this.address, this.numel, this.dtype);
    const dense = materialize(this);
    try {
      return dense.dataSync();
    } finally {
      dense.dispose();
    }
  }

  /** The elements as nested arrays; a number or boolean for a tensor without dimensions. */
  toArray(this: Tensor): Nested {
    if (arguments.length > 0) noMore('toArray', 0, arguments);
    checkReadable(this, 'toArray');
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
  toJSON(this: Tensor): Nested {
    return this.toArray();
  }

  /** The only element, as a number. Throws unless there is exactly one. */
  item(this: Tensor): number {
    if (arguments.length > 0) noMore('item', 0, arguments);
    if (this.numel !== 1) {
      refuse(ArgumentError, 'item', `only a tensor with one element has a value, this one is ${show(this.shape)}`, {
        got: this.shape,
      });
    }
    checkReadable(this, 'item');
    return this.executor.get(this.address, this.dtype);
  }

  /**
   * Computes the gradients of this tensor with respect to all leaves that it was made from, and adds them to their `grad`. Frees what the
   * graph saved unless `retainGraph` is set.
   *
   * @param grad gradient of this tensor; only a tensor with one element has a default, 1
   */
  backward(this: Tensor, grad?: Tensor, options: { retainGraph?: boolean; createGraph?: boolean } = {}): void {
    if (arguments.length > 2) noMore('backward', 2, arguments);
    backward(this, grad, options);
  }

  /** @internal What `console.log` shows in Node. */
  [inspect](this: Tensor): string {
    return this.toString();
  }

  /**
   * What JavaScript's own operators get: the number of a tensor with one element and without gradient. For others they throw, except
   * that strings such as `${x}` print any tensor.
   */
  [Symbol.toPrimitive](this: Tensor, hint: string): number | string {
    return primitiveOf(this, hint);
  }

  /** Shape, dtype and, if there are at most 100 elements and they can be read synchronously, the values. */
  toString(this: Tensor): string {
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
