/**
 * Moving elements: copy, fill, where. Elements are moved as bits (through the int view in float32 mode), so every type
 * and every NaN survives. Knows strides; checks nothing.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { collapse, eachRow, innermost, rowMajor } from '../../bindings/commands/strided.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readCopy = readerOf('copy');
const readFill = readerOf('fill');
const readWhere = readerOf('where');

/** Shorter rows are copied faster by a loop than by copyWithin. */
const SHORT_ROW = 32;

/** y = x through strides. */
const copy: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const command = readCopy(words, at);
  const walk = collapse(command.shape, [command.xStrides, command.yStrides]);
  const { size, steps } = innermost(walk);
  const xStep = steps[0]!;
  const yStep = steps[1]!;
  const inOneMove = xStep === 1 && yStep === 1 && size >= SHORT_ROW;
  eachRow(walk, [command.x, command.y], (row) => {
    let x = row[0]!;
    let y = row[1]!;
    if (inOneMove) bits.copyWithin(y, x, x + size);
    else for (let r = 0; r < size; r++, x += xStep, y += yStep) bits[y] = bits[x]!;
  });
};

/** y[i] = value. */
const fill: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readFill(words, at);
  const { y } = command;
  const end = y + command.n;
  if (command.integer === 1) i.fill(command.value, y, end);
  else f.fill(bitsToFloat(command.value), y, end);
};

/** y = condition ≠ 0 ? a : b. */
const where: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const command = readWhere(words, at);
  const { shape } = command;
  const walk = collapse(shape, [command.conditionStrides, command.aStrides, command.bStrides, rowMajor(shape)]);
  const { size, steps } = innermost(walk);
  const conditionStep = steps[0]!;
  const aStep = steps[1]!;
  const bStep = steps[2]!;
  eachRow(walk, [command.condition, command.a, command.b, command.y], (row) => {
    let condition = row[0]!;
    let a = row[1]!;
    let b = row[2]!;
    const y = row[3]!;
    for (let r = 0; r < size; r++, condition += conditionStep, a += aStep, b += bStep)
      bits[y + r] = bits[condition] !== 0 ? bits[a]! : bits[b]!;
  });
};

export const copyKernels = { copy, fill, where } satisfies ReferenceKernels;
