/**
 * Checks of an optimizer's saved state: its kind, its groups with all their settings, and the memory that its kind has for each
 * parameter. Everything is checked before anything is used. Tensors may have gone through JSON, which turns them into nested lists.
 */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { nameOf, shown } from '../options.ts';
import { numelOf, type Shape, sameShape, show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A value that an optimizer remembers for one parameter. */
export interface Field {
  /** A tensor in the shape of the parameter, a whole number, or a share from 0 to 1. */
  kind: 'tensor' | 'count' | 'share';
  /** Whether it may be missing: only some settings need it. */
  optional?: true;
}

/** All values that an optimizer remembers for one parameter, by name. */
export type Fields = Readonly<Record<string, Field>>;

export const TENSOR: Field = { kind: 'tensor' };
export const OPTIONAL_TENSOR: Field = { kind: 'tensor', optional: true };
export const COUNT: Field = { kind: 'count' };
export const OPTIONAL_COUNT: Field = { kind: 'count', optional: true };
export const SHARE: Field = { kind: 'share' };

/** A tensor of a state, or its elements if it has gone through JSON. */
export type SavedTensor = Tensor | { values: Float64Array; shape: Shape };

/** The memory of one parameter in a saved state. */
export type SavedMemory = Record<string, SavedTensor | number>;

/** Whether this is an object, and not a list or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses an object without one of the names in `mustHave`, or with one that is neither in these nor in `mayHave`. */
export function checkNames(
  op: string,
  what: string,
  given: object,
  mustHave: readonly string[],
  mayHave: readonly string[] = [],
): void {
  const missing = mustHave.filter((name) => !Object.hasOwn(given, name));
  const foreign = Object.keys(given).filter((name) => !mustHave.includes(name) && !mayHave.includes(name));
  if (missing.length + foreign.length === 0) return;
  refuse(ArgumentError, op, `${what}: missing [${missing.join(', ')}], unknown [${foreign.join(', ')}]`, {
    argument: 'state',
    got: Object.keys(given),
  });
}

/** Writes the numbers of nested lists of this shape into `out`, from `at` on; false if the lists have another shape. */
function flatten(value: unknown, shape: Shape, dim: number, out: Float64Array, at: number): boolean {
  if (dim === shape.length) {
    // JSON has no NaN and no infinity, and writes null for them.
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) return false;
    out[at] = value;
    return true;
  }
  if (!Array.isArray(value) || value.length !== shape[dim]) return false;
  const inner = numelOf(shape.slice(dim + 1));
  return value.every((part, i) => flatten(part, shape, dim + 1, out, at + i * inner));
}

/** A tensor of this shape, or the nested lists into which JSON has turned one. */
export function tensorIn(op: string, what: string, value: unknown, shape: Shape): SavedTensor {
  if (isTensor(value)) {
    const numel = numelOf(shape);
    if (value.numel !== numel)
      refuse(ArgumentError, op, `${what} has ${value.numel} elements, the parameter ${numel}`, {
        argument: 'state',
        got: value.shape,
      });
    if (!sameShape(value.shape, shape))
      refuse(ShapeError, op, `${what} must be ${show(shape)}, got ${show(value.shape)}`, {
        argument: 'state',
        got: value.shape,
        expected: shape,
      });
    if (value.dtype !== 'float32')
      refuse(DTypeError, op, `${what} must be float32, got ${value.dtype}`, {
        argument: 'state',
        got: value.dtype,
        expected: 'float32',
      });
    return value;
  }
  const values = new Float64Array(numelOf(shape));
  if (flatten(value, shape, 0, values, 0)) return { values, shape };
  return refuse(
    ArgumentError,
    op,
    `${what} must be a float32 tensor ${show(shape)}, or nested lists of finite numbers in that shape, as JSON.stringify writes them; got ${nameOf(value)}`,
    { argument: 'state', got: value },
  );
}

/** A whole number ≥ 0, or a share from 0 to 1. */
export function numberIn(op: string, what: string, value: unknown, kind: 'count' | 'share'): number {
  if (typeof value === 'number' && value >= 0 && (kind === 'count' ? Number.isSafeInteger(value) : value <= 1))
    return value;
  const expected = kind === 'count' ? 'a whole number of at least 0' : 'a number between 0 and 1';
  return refuse(ArgumentError, op, `${what} must be ${expected}, got ${shown(value)}`, {
    argument: 'state',
    got: value,
  });
}

/** The saved memory of one parameter: nothing, or everything that its kind needs. */
export function memoryIn(op: string, what: string, saved: unknown, fields: Fields, shape: Shape): SavedMemory {
  if (!isObject(saved))
    return refuse(ArgumentError, op, `${what} must be an object, got ${nameOf(saved)}`, {
      argument: 'state',
      got: saved,
    });
  const required = Object.entries(fields).filter(([, { optional }]) => !optional);
  // Before its first step a parameter has an empty memory.
  const needed = Object.keys(saved).length === 0 ? [] : required.map(([name]) => name);
  checkNames(op, what, saved, needed, Object.keys(fields));
  return Object.fromEntries(
    Object.entries(saved).map(([name, value]) => {
      const { kind } = fields[name]!;
      const part = `${name} of ${what}`;
      return [name, kind === 'tensor' ? tensorIn(op, part, value, shape) : numberIn(op, part, value, kind)];
    }),
  );
}
