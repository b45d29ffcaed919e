/**
 * What an optimizer's saved state must look like: its kind, its groups with all their settings, and of each parameter what the kind
 * remembers. Everything is checked before anything is taken over. Tensors may have gone through JSON, which makes nested lists of them.
 */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { nameOf, shown } from '../options.ts';
import { numelOf, type Shape, sameShape, show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** What an optimizer remembers of one parameter under a name. */
export interface Field {
  /** A tensor in the shape of the parameter, a whole number, or a share from 0 to 1. */
  kind: 'tensor' | 'count' | 'share';
  /** Whether it may be missing: some settings need it, others do not. */
  optional?: true;
}

/** All that an optimizer remembers of one parameter. */
export type Fields = Readonly<Record<string, Field>>;

export const TENSOR: Field = { kind: 'tensor' };
export const OPTIONAL_TENSOR: Field = { kind: 'tensor', optional: true };
export const COUNT: Field = { kind: 'count' };
export const OPTIONAL_COUNT: Field = { kind: 'count', optional: true };
export const SHARE: Field = { kind: 'share' };

/** A tensor of a state, or its elements, which have gone through JSON. */
export type SavedTensor = Tensor | { values: Float64Array; shape: Shape };

/** What a saved state says of one parameter. */
export type SavedMemory = Record<string, SavedTensor | number>;

/** An object that is not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses an object that has other names than it must have; `mayHave` are allowed too. */
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

/** Puts the numbers of nested lists of this shape into `out`, from `at` on; false where the lists have another shape. */
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

/** A tensor of this shape, or nested lists that JSON has made of one. */
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

/** A number that counts something, or a share. */
export function numberIn(op: string, what: string, value: unknown, kind: 'count' | 'share'): number {
  if (typeof value === 'number' && value >= 0 && (kind === 'count' ? Number.isSafeInteger(value) : value <= 1))
    return value;
  const expected = kind === 'count' ? 'a whole number from 0 on' : 'a number between 0 and 1';
  return refuse(ArgumentError, op, `${what} must be ${expected}, got ${shown(value)}`, {
    argument: 'state',
    got: value,
  });
}

/** What was remembered of one parameter: nothing, or all that its kind needs. */
export function memoryIn(op: string, what: string, saved: unknown, fields: Fields, shape: Shape): SavedMemory {
  if (!isObject(saved))
    return refuse(ArgumentError, op, `${what} must be an object, got ${nameOf(saved)}`, {
      argument: 'state',
      got: saved,
    });
  const names = Object.keys(fields);
  // Before its first step a parameter has an empty memory.
  const needed = Object.keys(saved).length === 0 ? [] : names.filter((name) => !fields[name]!.optional);
  checkNames(op, what, saved, needed, names);
  return Object.fromEntries(
    Object.entries(saved).map(([name, value]) => {
      const { kind } = fields[name]!;
      const part = `${name} of ${what}`;
      return [name, kind === 'tensor' ? tensorIn(op, part, value, shape) : numberIn(op, part, value, kind)];
    }),
  );
}
