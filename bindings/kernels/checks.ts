/** Which arrays kernels refuse before anything is copied or run: of another kind, too short, or without their memory. */
import { ArgumentError, DisposedError, refuse, ShapeError } from '../errors.ts';
import { isFloat32Array, isInt8Array, isInt32Array } from '../realm.ts';
import { fateOf, isAllocated } from './heap.ts';
import { shown } from './options.ts';

/** Refuses an array whose memory is gone or belongs to another: freed, detached, part of a freed one. */
function checkMemory(op: string, name: string, array: Float32Array | Int32Array | Int8Array): void {
  const fate = fateOf(array);
  if (fate !== null) refuse(DisposedError, op, `${name} ${fate}`, { argument: name });
}

function tooShort(op: string, name: string, array: ArrayLike<unknown>, length: number): never {
  refuse(ShapeError, op, `${name} has ${array.length} elements, ${length} are needed`, {
    argument: name,
    got: array.length,
    expected: length,
  });
}

/** Refuses an array that is not a Float32Array, too short, detached or freed. */
export function checkArray(op: string, name: string, array: Float32Array, length: number): void {
  if (array instanceof Float32Array && array.length >= length && array.length > 0 && isAllocated(array)) return;
  if (!isFloat32Array(array))
    refuse(ArgumentError, op, `${name} must be a Float32Array, got ${shown(array)}`, {
      argument: name,
      got: array,
      expected: 'a Float32Array',
    });
  checkMemory(op, name, array);
  if (array.length < length) tooShort(op, name, array, length);
}

/** The same for the arrays of integers. */
export function checkInts(op: string, name: string, array: Int32Array, length: number): void {
  if (!isInt32Array(array))
    refuse(ArgumentError, op, `${name} must be an Int32Array, got ${shown(array)}`, {
      argument: name,
      got: array,
      expected: 'an Int32Array',
    });
  checkMemory(op, name, array);
  if (array.length < length) tooShort(op, name, array, length);
}

/** The same for the arrays of bytes. */
export function checkBytes(op: string, name: string, array: Int8Array, length: number): void {
  if (!isInt8Array(array))
    refuse(ArgumentError, op, `${name} must be an Int8Array, got ${shown(array)}`, {
      argument: name,
      got: array,
      expected: 'an Int8Array',
    });
  checkMemory(op, name, array);
  if (array.length < length) tooShort(op, name, array, length);
}

/** The same, and refuses an array of any other length. */
export function checkEqual(op: string, name: string, array: Float32Array, length: number): void {
  checkArray(op, name, array, length);
  if (array.length !== length) {
    refuse(ShapeError, op, `${name} has ${array.length} elements, expected ${length}`, {
      argument: name,
      got: array.length,
      expected: length,
    });
  }
}

/** Refuses an output that shares memory with another output, or with what is read while it is written. */
export function checkApart(
  op: string,
  name: string,
  a: Float32Array | Int32Array,
  other: string,
  b: Float32Array,
): void {
  if (a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength)
    refuse(ArgumentError, op, `${name} and ${other} share memory; ${name} needs memory of its own`, {
      argument: name,
      expected: 'memory of its own',
    });
}
