/** Arithmetic on shapes and strides. It knows no tensors, only lists of numbers, and every error names the numbers that it refuses. */

import { MAX_DIMS } from '../../bindings/commands/limits.ts';
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isList } from '../../bindings/realm.ts';
import { shown } from '../options.ts';

/** Sizes of dimensions. */
export type Shape = readonly number[];

/** `[2,3]`, as errors print it. */
export function show(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

export function numelOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** The most levels of nested arrays, as in NumPy. */
const MAX_LEVELS = 64;

/** The shape of nested arrays, from their first elements; refuses arrays that contain themselves. */
export function nestedShape(op: string, argument: string, nested: unknown): number[] {
  const shape: number[] = [];
  for (let level = nested; isList(level); level = level[0]) {
    if (shape.length === MAX_LEVELS) {
      refuse(
        ShapeError,
        op,
        `${argument} is nested deeper than ${MAX_LEVELS} levels; perhaps an array contains itself`,
        { argument },
      );
    }
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** Row-major strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Whether the elements are in memory one after the other in row-major order. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size !== 1 && strides[i] !== stride) return size === 0;
    stride *= size;
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Refuses what is not a list. */
export function checkList(op: string, argument: string, list: unknown): void {
  if (Array.isArray(list)) return;
  const what = argument === 'dims' ? 'numbers' : 'sizes';
  refuse(ShapeError, op, `${argument} must be a list of ${what}, got ${String(list)}`, { argument, got: list });
}

/** Refuses what is not a shape: negative or fractional sizes, too many dimensions. */
export function checkShape(op: string, shape: Shape): void {
  checkList(op, 'shape', shape);
  if (shape.length > MAX_DIMS) {
    refuse(ShapeError, op, `${shape.length} dimensions, at most ${MAX_DIMS} are supported`, { got: shape });
  }
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      refuse(ShapeError, op, `sizes must be whole numbers of at least 0, got [${shape.map(shown).join(',')}]`, {
        argument: 'shape',
        got: shape,
      });
    }
  }
}

/** Shape of two operands broadcast to each other, as in NumPy and PyTorch. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const shape = new Array<number>(ndim);
  for (let i = 0; i < ndim; i++) {
    const x = a[a.length - 1 - i] ?? 1;
    const y = b[b.length - 1 - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      refuse(ShapeError, op, `shapes do not broadcast: ${show(a)} and ${show(b)}`, { got: [a, b] });
    }
    shape[ndim - 1 - i] = x === 1 ? y : x;
  }
  return shape;
}

/** Strides that read a tensor of `shape` as one of `target`: 0 along dimensions that are stretched. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const lead = target.length - shape.length;
  const result = new Array<number>(target.length);
  for (let i = 0; i < target.length; i++)
    result[i] = i < lead || (shape[i - lead] === 1 && target[i] !== 1) ? 0 : strides[i - lead]!;
  return result;
}

/** A dimension that may count from the end, as a number of at least 0. */
export function normalizeDim(op: string, dim: number, ndim: number): number {
  const range = Math.max(ndim, 1);
  if (!Number.isInteger(dim) || dim < -range || dim >= range) {
    refuse(
      ArgumentError,
      op,
      `dim ${dim} is out of range for ${ndim} dimensions (expected ${-range} to ${range - 1})`,
      { argument: 'dim', got: dim },
    );
  }
  return dim < 0 ? dim + range : dim;
}

/** Several dimensions in ascending order; refuses repeated ones. */
export function normalizeDims(op: string, dims: number | readonly number[] | undefined, ndim: number): number[] {
  if (dims === undefined) return Array.from({ length: ndim }, (_, i) => i);
  if (typeof dims !== 'number') checkList(op, 'dims', dims);
  const list = (typeof dims === 'number' ? [dims] : [...dims])
    .map((dim) => normalizeDim(op, dim, ndim))
    .sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++) {
    if (list[i] === list[i - 1])
      refuse(ArgumentError, op, `dim ${list[i]} appears twice`, { argument: 'dim', got: dims });
  }
  return list;
}

/** Replaces a −1 in a shape by the size that `numel` elements need. */
export function inferShape(op: string, shape: Shape, numel: number): Shape {
  checkList(op, 'shape', shape);
  const at = shape.indexOf(-1);
  let resolved = shape;
  if (at >= 0) {
    const rest = shape.reduce((n, size, i) => (i === at ? n : n * size), 1);
    const size = rest === 0 ? Number.NaN : numel / rest;
    if (Number.isInteger(size)) resolved = shape.map((s, i) => (i === at ? size : s));
  }
  if (numelOf(resolved) !== numel || resolved.some((size) => size < 0)) {
    const why = shape.filter((size) => size === -1).length > 1 ? ': only one size may be -1' : '';
    refuse(ShapeError, op, `${numel} elements do not fit into shape ${show(shape)}${why}`, {
      argument: 'shape',
      got: numel,
      expected: shape,
    });
  }
  checkShape(op, resolved);
  return resolved;
}

/**
 * Strides that show a strided tensor in another shape without copying, or null if there are none.
 * Old and new dimensions are matched in groups of equal size; each old group must be contiguous in itself.
 */
export function viewStrides(shape: Shape, strides: readonly number[], target: Shape): number[] | null {
  const result = new Array<number>(target.length);
  const sizes: number[] = [];
  const steps: number[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    sizes.push(size);
    steps.push(strides[i]!);
  });
  let from = 0;
  let to = 0;
  while (to < target.length) {
    if (target[to] === 1) {
      result[to++] = 1;
      continue;
    }
    let fromSize = sizes[from]!;
    let toSize = target[to]!;
    let fromEnd = from + 1;
    let toEnd = to + 1;
    while (fromSize !== toSize) {
      if (fromSize < toSize) fromSize *= sizes[fromEnd++]!;
      else toSize *= target[toEnd++]!;
    }
    for (let i = from; i < fromEnd - 1; i++) if (steps[i] !== steps[i + 1]! * sizes[i + 1]!) return null;
    let stride = steps[fromEnd - 1]!;
    for (let i = toEnd - 1; i >= to; i--) {
      result[i] = stride;
      stride *= target[i]!;
    }
    from = fromEnd;
    to = toEnd;
  }
  return result;
}
