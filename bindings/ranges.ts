/**
 * Ranges that values must be in, such as indices into a table. Commands that check values while a program runs (`check`) write to the
 * executor's fault words which range was violated, where, and by what value; this file makes an error of that. Every executor has
 * one block of these words, and the first fault stays in it until it is read.
 */
import { bitsToFloat } from './commands/program.ts';
import type { Executor } from './executor.ts';

/** Makes the error for a value out of range. */
type Refusal = (value: number, place: number) => Error;

/** The values from `low` to `high`, and `except`. Only with `except` may `high` be less than `low`. NaN is never out of range. */
export interface Range {
  dtype: 'int32' | 'float32';
  low: number;
  high: number;
  except?: number;
  /** What the range is for. Ranges with the same name and limits share a number. */
  name: string;
  refuse: Refusal;
}

/** Words of the block: number of the range (0: no fault), position of the value, the value. */
export const FAULT_WORDS = 3;

const ranges: Range[] = [];
const numbers = new Map<string, number>();

/** The number of a range in commands, from 1. It is kept forever: a fault may be read after the rest of its program is gone. */
export function numberOf(range: Range): number {
  const key = [range.name, range.low, range.high, range.except].join();
  let number = numbers.get(key);
  if (number === undefined) {
    number = ranges.push(range);
    numbers.set(key, number);
  }
  return number;
}

function rangeOf(number: number): Range {
  const range = ranges[number - 1];
  if (range === undefined) throw new RangeError(`there is no range ${number}`);
  return range;
}

/** Throws for the first value out of range. */
export function checkAll({ low, high, except, refuse }: Range, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if ((value < low || value > high) && value !== except) throw refuse(value, i);
  }
}

/** The error for three fault words copied from a heap, or null if there is no fault. */
export function refusalOf(words: Int32Array): Error | null {
  const [number = 0, place = 0, bits = 0] = words;
  if (number === 0) return null;
  const { dtype, refuse } = rangeOf(number);
  return refuse(dtype === 'int32' ? bits : bitsToFloat(bits), place);
}

/** The fault in an executor whose memory can be read synchronously, as an error, or null. Clears it. */
export function takeFault(executor: Executor): Error | null {
  const { fault } = executor;
  const number = executor.get(fault, 'int32');
  if (number === 0) return null;
  executor.write(fault, [0], 'int32');
  const { dtype, refuse } = rangeOf(number);
  return refuse(executor.get(fault + 2, dtype), executor.get(fault + 1, 'int32'));
}
