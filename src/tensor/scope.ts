/**
 * Who frees a tensor. Nobody has to: what is dropped is collected, sooner or later. A tensor belongs to the scope that is open when it is
 * made; when the scope ends, it disposes all of its tensors except those that it returns or that were kept. One that is made outside of all
 * scopes is freed when the garbage collector reports it, which it never does during synchronous code; if memory is short before that, its
 * storage is parked (storage.ts).
 */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isAsyncFunction, isMap, isPromise, isSet } from '../../bindings/realm.ts';
import { refuseOtherCopy } from '../copies.ts';
import { noMore } from '../options.ts';
import { letGoOfVariable, releaseHistory } from './graph.ts';
import type { Held, Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** An open scope: the tensors that it will dispose. */
export class Scope {
  readonly tensors: Tensor[] = [];
}

/** Open scopes, innermost last. */
const open: Scope[] = [];

/**
 * Who keeps scopes from freeing a tensor: nobody (false); the user, until `dispose()` (true); or the leaf whose gradient it is, while a
 * scope or the collector owns it too ('leaf'), or as its only owner ('leaf alone').
 */
export type Keeper = boolean | 'leaf' | 'leaf alone';

/** Whether the garbage collector is freeing a tensor. */
let isCollecting = false;

/**
 * Tensors that the collector is told of before it has found time to report: while it has none, as in synchronous code, being told of more
 * would cost time, and memory that only it can free.
 */
const MOST_UNTOLD = 8192;
/** How many it was told of since it last had time. */
let untold = 0;

/** Stands for a tensor that nobody has: its report says that the collector has found time. */
const SIGNAL = null;

const collector =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<Held | typeof SIGNAL>(report);

function report(held: Held | typeof SIGNAL): void {
  if (held === SIGNAL) untold = 0;
  else free(held);
}

/** Whether to tell the collector of one more tensor. */
function isWorthTelling(): boolean {
  if (untold > MOST_UNTOLD) return false;
  untold++;
  if (untold > MOST_UNTOLD) collector?.register({}, SIGNAL);
  return true;
}

/** Frees what a collected tensor had. */
function free(held: Held): void {
  const { storage, variable, membership } = held;
  if (storage === null) {
    held.isGone = true;
    return;
  }
  storage.unlink(held);
  storage.detach();
  storage.release();
  if (membership !== null) releaseHistory(membership);
  if (variable === null) return;
  // A scope may be open, such as one around an `await`, but it did not make what this leaf has.
  isCollecting = true;
  try {
    letGoOfVariable(variable);
  } finally {
    isCollecting = false;
  }
}

/** A new tensor reports itself. */
export function adopt(tensor: Tensor): void {
  own(tensor);
}

/** Gives a tensor to the open scope, or to the garbage collector if there is none. */
function own(tensor: Tensor): void {
  const scope = open[open.length - 1];
  if (scope !== undefined) scope.tensors.push(tensor);
  else leaveToCollector(tensor);
}

function leaveToCollector(tensor: Tensor): void {
  if (collector === undefined || tensor.held !== null) return;
  const { storage, variable, membership } = tensor;
  if (storage.isLeased || !isWorthTelling()) return;
  const held: Held = { storage, variable, membership, isGone: false, next: null, previous: null };
  tensor.held = held;
  storage.link(held);
  collector.register(tensor, held, tensor);
}

/** A tensor that was on this storage has been disposed. */
export function forget(tensor: Tensor, storage: Storage): void {
  const { held } = tensor;
  if (held === null) return;
  collector?.unregister(tensor);
  storage.unlink(held);
  tensor.held = null;
}

/** Opens a scope by hand; `closeScope` ends it. Scopes may be closed in any order. */
export function openScope(): Scope {
  const scope = new Scope();
  open.push(scope);
  return scope;
}

const NOTHING: ReadonlySet<object> = new Set();

/** Ends a scope: disposes its tensors except those in `result`, which go to the scope around it. */
export function closeScope(scope: Scope, result?: unknown): void {
  const at = open.lastIndexOf(scope);
  if (at < 0) return;
  const escaped = disposeAll(scope.tensors, result);
  if (at === open.length - 1) open.pop();
  else open.splice(at, 1);
  if (escaped !== null) for (const tensor of escaped) own(tensor);
}

/** Ends a scope without freeing anything: its tensors go to the scope around it. */
function giveUp(scope: Scope): void {
  open.splice(open.lastIndexOf(scope), 1);
  scope.tensors.forEach(own);
}

/** Lists up to this length are searched element by element. */
const SHORT = 8;

function isOne(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'storageOrNull' in result;
}

/** Disposes the tensors of a scope, which is still open: gradients of leaves that end here join it. Returns those that escape. */
function disposeAll(tensors: readonly Tensor[], result: unknown): Tensor[] | null {
  // Most results are one tensor or a few, which need no set.
  const few: readonly unknown[] | null =
    Array.isArray(result) && result.length <= SHORT && result.every(isOne) ? result : null;
  const isSimple = tensors.length === 0 || result === undefined || few !== null || isOne(result);
  const escaping = isSimple ? NOTHING : tensorsIn(result);
  let escaped: Tensor[] | null = null;
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i]!;
    if (tensor.storageOrNull === null) continue;
    if (!tensor.kept) {
      if (tensor !== result && !few?.includes(tensor) && !escaping.has(tensor)) tensor.dispose();
      else if (escaped === null) escaped = [tensor];
      else escaped.push(tensor);
    } else if (tensor.kept === 'leaf') {
      tensor.kept = 'leaf alone';
    }
  }
  return escaped;
}

/** All tensors in a result, and the arrays, maps and objects that hold them. */
function tensorsIn(result: unknown): Set<object> {
  const found = new Set<object>();
  collect(result, found, 0);
  return found;
}

const MAX_RESULT_DEPTH = 8;

/** Collects the tensors in a result: itself, or those inside arrays, maps, sets and plain objects. */
function collect(value: unknown, into: Set<object>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > MAX_RESULT_DEPTH || into.has(value)) return;
  into.add(value);
  if ('storageOrNull' in value || ArrayBuffer.isView(value)) return;
  const parts: Iterable<unknown> = isMap(value) || isSet(value) || Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) collect(part, into, depth + 1);
}

/**
 * Runs `fn` and disposes every tensor that it made, except those that it returns (also in arrays and objects), those given
 * to `keep`, and the gradients of leaves that live on. Nobody needs it: it frees sooner, and so keeps memory small.
 *
 * @throws TypeError if `fn` is asynchronous: before it runs, or, where only its promise shows that, without freeing anything
 * @example
 * const loss = scope(() => model.forward(x).square().mean());
 */
export function scope<T>(fn: () => T): T {
  if (arguments.length > 1) noMore('scope', 1, arguments);
  if (typeof fn !== 'function')
    refuse(ArgumentError, 'scope', `expected a function, got ${fn === null ? 'null' : typeof fn}`, {
      argument: 'fn',
      got: fn,
    });
  if (isAsyncFunction(fn)) throw asynchronous();
  const opened = openScope();
  let result: T | undefined;
  try {
    result = fn();
  } finally {
    // What an asynchronous function has made so far it still needs.
    if (isPromise(result)) giveUp(opened);
    else closeScope(opened, result);
  }
  if (!isPromise(result)) return result;
  // The error tells what is wrong; one more, later, would end the process.
  result.then(undefined, () => {});
  throw asynchronous();
}

const asynchronous = () =>
  new TypeError(
    'scope: the function is asynchronous, and a scope ends when it returns; await outside of scopes, or free nothing: memory frees itself',
  );

/**
 * Takes a tensor out of all scopes: it lives until `dispose()`.
 *
 * @example
 * let best = model.forward(x);
 * scope(() => {
 *   best = keep(model.forward(x));
 * });
 * best.shape; // [12, 3]
 */
export function keep<T extends Tensor>(tensor: T): T {
  if (arguments.length > 1) noMore('keep', 1, arguments);
  refuseOtherCopy(tensor);
  if (typeof tensor !== 'object' || tensor === null || !('storageOrNull' in tensor))
    refuse(ArgumentError, 'keep', `expected a tensor, got ${tensor === null ? 'null' : typeof tensor}`, {
      argument: 'tensor',
      got: tensor,
    });
  tensor.kept = true;
  return tensor;
}

/** A leaf lets go of its gradient. Its other owner frees it; if it has none, the open scope or the garbage collector becomes its owner. */
export function letGo(tensor: Tensor): void {
  const { kept } = tensor;
  if (tensor.storageOrNull === null || kept === true) return;
  tensor.kept = false;
  if (kept !== 'leaf alone') return;
  if (isCollecting) leaveToCollector(tensor);
  else own(tensor);
}
