/**
 * Moving elements: copy, fill, where. Elements are moved as bits (through the int view in float32 mode), so every type
 * and every NaN survives. Knows strides; checks nothing.
 */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import { collapse, dims, eachRow, innermost, rowMajor } from '../../bindings/commands/strided.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

/** Shorter rows are copied faster by a loop than by a call of copyWithin. */
const SHORT_ROW = 32;

const C = fieldsOf('copy');

/** y = x through strides. */
const copy: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const ndim = words[at + C.ndim]!;
  const walk = collapse(dims(words, at + C.shape, ndim), [
    dims(words, at + C.xStrides, ndim),
    dims(words, at + C.yStrides, ndim),
  ]);
  const { size, steps } = innermost(walk);
  const xStep = steps[0]!;
  const yStep = steps[1]!;
  const inOneMove = xStep === 1 && yStep === 1 && size >= SHORT_ROW;
  eachRow(walk, [words[at + C.x]!, words[at + C.y]!], (row) => {
    let x = row[0]!;
    let y = row[1]!;
    if (inOneMove) bits.copyWithin(y, x, x + size);
    else for (let r = 0; r < size; r++, x += xStep, y += yStep) bits[y] = bits[x]!;
  });
};

const F = fieldsOf('fill');

/** y[i] = value. */
const fill: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const y = words[at + F.y]!;
  const end = y + words[at + F.n]!;
  if (words[at + F.integer] === 1) i.fill(words[at + F.value]!, y, end);
  else f.fill(floats[at + F.value]!, y, end);
};

const W = fieldsOf('where');

/** y = condition ≠ 0 ? a : b. */
const where: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const ndim = words[at + W.ndim]!;
  const shape = dims(words, at + W.shape, ndim);
  const walk = collapse(shape, [
    dims(words, at + W.conditionStrides, ndim),
    dims(words, at + W.aStrides, ndim),
    dims(words, at + W.bStrides, ndim),
    rowMajor(shape),
  ]);
  const { size, steps } = innermost(walk);
  const conditionStep = steps[0]!;
  const aStep = steps[1]!;
  const bStep = steps[2]!;
  eachRow(walk, [words[at + W.condition]!, words[at + W.a]!, words[at + W.b]!, words[at + W.y]!], (row) => {
    let condition = row[0]!;
    let a = row[1]!;
    let b = row[2]!;
    const y = row[3]!;
    for (let r = 0; r < size; r++, condition += conditionStep, a += aStep, b += bStep)
      bits[y + r] = bits[condition] !== 0 ? bits[a]! : bits[b]!;
  });
};

export const copyKernels = { copy, fill, where } satisfies ReferenceKernels;
