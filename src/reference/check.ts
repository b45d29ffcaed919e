/** Whether elements are in a range: the first that is not goes to the fault words. */

import { readerOf } from '../../bindings/commands/fields.ts';
import { bitsToFloat } from '../../bindings/commands/program.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readCheck = readerOf('check');

const check: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readCheck(words, at);
  const { x, fault } = command;
  if (i[fault] !== 0) return;
  const isInteger = command.integer === 1;
  const elements = isInteger ? i : f;
  const numberOf = isInteger ? (bits: number) => bits : bitsToFloat;
  const [low, high, except] = [numberOf(command.low), numberOf(command.high), numberOf(command.except)];
  for (let e = 0; e < command.n; e++) {
    const value = elements[x + e]!;
    if (!(value < low || value > high) || value === except) continue;
    i[fault] = command.site;
    i[fault + 1] = e;
    elements[fault + 2] = value;
    return;
  }
};

export const checkKernels = { check } satisfies ReferenceKernels;
