/** Checks of the settings of optimizers. They run at every step, so nothing here allocates. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkFinite, checkRange, shown } from '../options.ts';

/** Refuses anything but a finite number ≥ 0. */
export function checkSize(op: string, argument: string, value: number): void {
  checkRange(op, argument, value, 0);
  checkFinite(op, argument, value);
}

/** Refuses anything but true and false. */
export function checkSwitch(op: string, argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  refuse(ArgumentError, op, `${argument} must be true or false, got ${shown(value)}`, { argument, got: value });
}

function isShare(beta: unknown): boolean {
  return typeof beta === 'number' && beta >= 0 && beta < 1;
}

/** Refuses anything but a pair of numbers from 0 to below 1. */
export function checkBetas(op: string, betas: readonly [number, number]): void {
  if (Array.isArray(betas) && betas.length === 2 && isShare(betas[0]) && isShare(betas[1])) return;
  refuse(ArgumentError, op, `betas must be two numbers from 0 to below 1, got ${String(betas)}`, {
    argument: 'betas',
    got: betas,
  });
}
