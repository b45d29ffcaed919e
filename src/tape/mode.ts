/** Whether operations are recorded for backward. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isAsyncFunction, isPromise } from '../../bindings/realm.ts';
import { noMore } from '../options.ts';

let recording = true;

/**
 * Whether operations on tensors that require grad are being recorded.
 *
 * @example
 * noGrad(() => isGradEnabled()); // false
 */
export function isGradEnabled(): boolean {
  if (arguments.length > 0) noMore('isGradEnabled', 0, arguments);
  return recording;
}

/** Runs `fn` with recording switched on or off. */
export function withGrad<T>(enabled: boolean, fn: () => T): T {
  const before = recording;
  recording = enabled;
  try {
    return fn();
  } finally {
    recording = before;
  }
}

const asynchronous = () => new TypeError('noGrad: the function is asynchronous; what it does later would be recorded');

/**
 * Runs `fn` without recording: results do not require grad, and leaves may be changed in place.
 *
 * @example
 * const share = noGrad(() => model.forward(x).argmax(1).eq(y).to('float32').mean().item());
 */
export function noGrad<T>(fn: () => T): T {
  if (arguments.length > 1) noMore('noGrad', 1, arguments);
  if (typeof fn !== 'function')
    refuse(ArgumentError, 'noGrad', `expected a function, got ${typeof fn}`, { argument: 'fn', got: fn });
  if (isAsyncFunction(fn)) throw asynchronous();
  const result = withGrad(false, fn);
  if (!isPromise(result)) return result;
  // The error tells what is wrong; one more, later, would end the process.
  result.then(undefined, () => {});
  throw asynchronous();
}
