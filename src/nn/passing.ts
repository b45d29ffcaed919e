/**
 * Letting go of what modules hand to each other: a tensor that only a chain of modules has seen is freed as soon as the next one has used
 * it. What gradients need of it stays until `backward` has used that.
 */
import { compose } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import type { Module } from './module.ts';

/** A module that is made of others. */
interface Composite extends Module {
  /** Whether none of them keeps what it is given, or what it gives. */
  readonly passesAllOn: boolean;
}

/**
 * Whether a module keeps neither what it is given nor what it gives: a layer of the library, unless somebody has changed what it does, as
 * classes that extend it and hooks do.
 */
export function passesOn(module: Module): boolean {
  if (!Object.hasOwn(module.constructor, 'keepsNothing') || Object.hasOwn(module, 'forward')) return false;
  return !('passesAllOn' in module) || (module as Composite).passesAllOn;
}

/** Whether none of the modules that a module is made of keeps what it is given, or what it gives. */
export const childrenPassOn = (module: Module): boolean => [...module.children()].every(passesOn);

/** Runs the `forward` of a module that is made of others, and frees what only they have seen. */
export function passing<T>(module: Module, fn: () => T): T {
  return watching === null && childrenPassOn(module) ? compose(fn) : fn();
}

/** Frees a tensor that nobody else has. */
export function letGo(x: Tensor): void {
  // Whoever watches the operations may ask for their results later.
  if (watching === null && !x.kept) x.dispose();
}
