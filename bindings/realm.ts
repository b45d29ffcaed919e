/**
 * What a value is, by its tag instead of its class: arrays, errors, promises and maps that come from another realm (Jest, node:vm,
 * an iframe, structuredClone) are instances of that realm's classes, which `instanceof` does not know.
 */

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;

/** Name of a typed array's class in its own realm, such as 'Float32Array'; undefined for everything else. */
export function typedArrayName(value: unknown): string | undefined {
  return tagOf.call(value) as string | undefined;
}

export function isFloat32Array(value: unknown): value is Float32Array {
  return value instanceof Float32Array || typedArrayName(value) === 'Float32Array';
}

export function isFloat64Array(value: unknown): value is Float64Array {
  return value instanceof Float64Array || typedArrayName(value) === 'Float64Array';
}

export function isInt32Array(value: unknown): value is Int32Array {
  return value instanceof Int32Array || typedArrayName(value) === 'Int32Array';
}

export function isInt8Array(value: unknown): value is Int8Array {
  return value instanceof Int8Array || typedArrayName(value) === 'Int8Array';
}

export function isUint8Array(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || typedArrayName(value) === 'Uint8Array';
}

/** A list: an array or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || typedArrayName(value) !== undefined;
}

/** What `Object.prototype.toString` calls it: 'Map', 'Error', 'ArrayBuffer', 'Promise'. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || kindOf(value) === 'ArrayBuffer';
}

export function isError(value: unknown): value is Error {
  return value instanceof Error || kindOf(value) === 'Error';
}

/** Whether `await` would wait for it: a promise of any realm, or what behaves like one. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')
  );
}

/** Whether calling it gives a promise, which shows before the call unless a compiler has rewritten it. */
export function isAsyncFunction(value: unknown): boolean {
  return kindOf(value) === 'AsyncFunction';
}

export function isMap(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map || kindOf(value) === 'Map';
}

export function isSet(value: unknown): value is Set<unknown> {
  return value instanceof Set || kindOf(value) === 'Set';
}

export function isURL(value: unknown): value is URL {
  return value instanceof URL || kindOf(value) === 'URL';
}

export function isWasmModule(value: unknown): value is WebAssembly.Module {
  return value instanceof WebAssembly.Module || kindOf(value) === 'WebAssembly.Module';
}

/** An object as `{ … }` makes it, not an instance of a class. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
