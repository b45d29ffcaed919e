/**
 * Ranges that values must lie in, such as indices in their tables. Commands that look at values while a program runs (`check`)
 * leave in the executor's fault words which range was left, where, and by what value; here that becomes an error. Every executor has
 * one block of these words, and the first fault stays in it until it is read.
 */
import { bitsToFloat } from './commands/program.ts';
import type { Executor } from './executor.ts';

/** What is said of a value outside. */
type Refusal = (value: number, place: number) => Error;

/** From `low` to `high`, which may be less only where there is `except`; and that. NaN is not outside. */
export interface Range {
  dtype: 'int32' | 'float32';
  low: number;
  high: number;
  except?: number;
  /** Of what: ranges that are alike in this and in their limits share their number. */
  name: string;
  refuse: Refusal;
}

/** Words of the block: number of the range (0: nothing has been found), place of the value, the value. */
export const FAULT_WORDS = 3;

const ranges: Range[] = [];
const numbers = new Map<string, number>();

/** The number of a range in commands, from 1. It stays for good: a fault may be read when nothing else of its program is left. */
export function numberOf(range: Range): number {
  const key = [range.name, range.low, range.high, range.except].join();
  let number = numbers.get(key);
  if (number === undefined) {
    number = ranges.push(range);
    numbers.set(key, number);
  }
  return number;
}

/** Throws at the first value outside. */
export function checkAll({ low, high, except, refuse }: Range, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if ((value < low || value > high) && value !== except) throw refuse(value, i);
  }
}

/** The error that three fault words stand for, as they were copied from a heap; null where nothing was found. */
export function refusalOf(words: Int32Array): Error | null {
  const [number, place, bits] = words as unknown as [number, number, number];
  if (number === 0) return null;
  const { dtype, refuse } = ranges[number - 1]!;
  return refuse(dtype === 'int32' ? bits : bitsToFloat(bits), place);
}

/** The error that commands have left in an executor whose memory can be read at once, or null. It is taken away. */
export function takeFault(executor: Executor): Error | null {
  const { fault } = executor;
  const number = executor.get(fault, 'int32');
  if (number === 0) return null;
  executor.write(fault, [0], 'int32');
  const { dtype, refuse } = ranges[number - 1]!;
  return refuse(executor.get(fault + 2, dtype), executor.get(fault + 1, 'int32'));
}
