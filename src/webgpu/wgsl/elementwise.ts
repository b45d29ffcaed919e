/** copy, fill, unary, binary, where: one thread per element. */

import { binaryFns } from '../../../bindings/commands/elementwise.ts';
import { readerOf } from '../../../bindings/commands/fields.ts';
import { rowMajor } from '../../../bindings/commands/strided.ts';
import { unaryFns, unaryRows } from '../../../bindings/commands/unary.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { binaryFunctions } from './functions.ts';
import { walk } from './walk.ts';

const readBinary = readerOf('binary');
const readCopy = readerOf('copy');
const readFill = readerOf('fill');
const readUnary = readerOf('unary');
const readWhere = readerOf('where');

const copy: GpuKernel = (words, at, planner) => {
  const command = readCopy(words, at);
  walk(
    planner,
    'copy',
    command.shape,
    [
      { name: 'x', address: command.x, strides: command.xStrides },
      { name: 'y', address: command.y, strides: command.yStrides },
    ],
    'heap[y] = heap[x];',
  );
};

const fillParameters = new Parameters(['n', 'y', 'value']);

const fill: GpuKernel = (words, at, planner) => {
  const command = readFill(words, at);
  const { n } = command;
  if (n === 0) return;
  planner.launch({
    key: 'fill',
    source: () => shader({ parameters: fillParameters, body: 'if (id < n) { heap[y + id] = value; }' }),
    words: fillParameters.words({ n, y: command.y, value: command.value }),
    groups: gridOfThreads(n),
  });
};

/** Reads the element at a WGSL index as the function takes it. */
const load = (type: 'f32' | 'i32', index: string): string => `bitcast<${type}>(heap[${index}])`;

const unaryParameters = new Parameters(['n', 'xStart', 'yStart', 'p0', 'p1']);

const unary: GpuKernel = (words, at, planner) => {
  const command = readUnary(words, at);
  const { n } = command;
  if (n === 0) return;
  const name = unaryFns[command.fn]!;
  const { from, wgsl } = unaryRows[name];
  planner.launch({
    key: `unary ${name}`,
    source: () =>
      shader({
        parameters: unaryParameters,
        body: `if (id >= n) { return; }
let x = ${load(from, 'xStart + id')};
heap[yStart + id] = bitcast<u32>(${wgsl});`,
      }),
    words: unaryParameters.words({
      n,
      xStart: command.x,
      yStart: command.y,
      p0: command.p0,
      p1: command.p1,
    }),
    groups: gridOfThreads(n),
  });
};

const binary: GpuKernel = (words, at, planner) => {
  const command = readBinary(words, at);
  const { shape } = command;
  const name = binaryFns[command.fn]!;
  const { from, expression } = binaryFunctions[name];
  const tensors = (['a', 'b'] as const).flatMap((operand) => {
    const address = command[operand];
    if (address === 0) return [];
    return [{ name: `${operand}At`, address, strides: command[`${operand}Strides`] }];
  });
  const value = (operand: 'a' | 'b') =>
    command[operand] === 0 ? `bitcast<${from}>(scalar)` : load(from, `${operand}At`);
  const scalars = ['a', 'b'].filter((operand) => !tensors.some((tensor) => tensor.name === `${operand}At`));
  walk(
    planner,
    `binary ${name} ${scalars}`,
    shape,
    [...tensors, { name: 'y', address: command.y, strides: rowMajor(shape) }],
    `let a = ${value('a')};
let b = ${value('b')};
heap[y] = bitcast<u32>(${expression});`,
    { scalar: command.scalar },
  );
};

const where: GpuKernel = (words, at, planner) => {
  const command = readWhere(words, at);
  const { shape } = command;
  walk(
    planner,
    'where',
    shape,
    [
      { name: 'condition', address: command.condition, strides: command.conditionStrides },
      { name: 'a', address: command.a, strides: command.aStrides },
      { name: 'b', address: command.b, strides: command.bStrides },
      { name: 'y', address: command.y, strides: rowMajor(shape) },
    ],
    'if (heap[condition] != 0u) { heap[y] = heap[a]; } else { heap[y] = heap[b]; }',
  );
};

export const elementwiseKernels = { copy, fill, unary, binary, where } satisfies GpuKernels;
