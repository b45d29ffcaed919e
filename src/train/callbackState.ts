/** The saved states of callbacks, and the checks of those that are loaded. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Module } from '../nn/module.ts';

/** What a callback remembers between epochs, so that training can continue from a file. */
export type CallbackState = Record<string, unknown>;

/** Refuses a state that is not one of `op`. */
export function damaged(op: string, state: unknown): never {
  refuse(ArgumentError, op, `this is not a state of ${op}`, { argument: 'state', got: state });
}

/** The best value and the counts of epochs in a saved state. */
export function numbersIn<K extends string>(
  op: string,
  state: CallbackState,
  counts: readonly K[],
): Record<K, number> & { best: number } {
  const best = state?.best;
  const isCount = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (typeof best !== 'number' || Number.isNaN(best) || !counts.every((name) => isCount(state[name])))
    damaged(op, state);
  return state as Record<K, number> & { best: number };
}

/** Whether these are weights by name, as lists of numbers. */
export function areWeights(weights: unknown): weights is Record<string, number[]> {
  const isList = (list: unknown) => Array.isArray(list) && list.every((value) => typeof value === 'number');
  return typeof weights === 'object' && weights !== null && Object.values(weights).every(isList);
}

/** Refuses best weights of another model, which could not be restored at the end. */
export function checkWeights(op: string, model: Module, best: ReadonlyMap<string, ArrayLike<number>>): void {
  const own = Object.entries(model.stateDict());
  const wrong = own.find(([name, { numel }]) => best.get(name)?.length !== numel)?.[0];
  if (wrong === undefined && best.size === own.length) return;
  refuse(ArgumentError, op, `the loaded best weights are of another model (${wrong ?? 'there are more of them'})`, {
    argument: 'state',
    got: [...best.keys()],
  });
}
