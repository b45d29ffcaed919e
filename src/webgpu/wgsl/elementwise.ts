/** copy, fill, unary, binary, where: a thread an element. */

import { binaryFns } from '../../../bindings/commands/elementwise.ts';
import { fieldsOf } from '../../../bindings/commands/fields.ts';
import { dims, rowMajor } from '../../../bindings/commands/strided.ts';
import { unaryFns, unaryRows } from '../../../bindings/commands/unary.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { binaryFunctions } from './functions.ts';
import { walk } from './walk.ts';

const C = fieldsOf('copy');

const copy: GpuKernel = (words, at, planner) => {
  const ndim = words[at + C.ndim]!;
  walk(
    planner,
    'copy',
    dims(words, at + C.shape, ndim),
    [
      { name: 'x', address: words[at + C.x]!, strides: dims(words, at + C.xStrides, ndim) },
      { name: 'y', address: words[at + C.y]!, strides: dims(words, at + C.yStrides, ndim) },
    ],
    'heap[y] = heap[x];',
  );
};

const F = fieldsOf('fill');
const fillParameters = new Parameters(['n', 'y', 'value']);

const fill: GpuKernel = (words, at, planner) => {
  const n = words[at + F.n]!;
  if (n === 0) return;
  planner.launch({
    key: 'fill',
    source: () => shader({ parameters: fillParameters, body: 'if (id < n) { heap[y + id] = value; }' }),
    words: fillParameters.words({ n, y: words[at + F.y]!, value: words[at + F.value]! }),
    groups: gridOfThreads(n),
  });
};

/** Reads the element at a WGSL index as the function takes it. */
const load = (type: 'f32' | 'i32', index: string): string => `bitcast<${type}>(heap[${index}])`;

const U = fieldsOf('unary');
const unaryParameters = new Parameters(['n', 'xStart', 'yStart', 'p0', 'p1']);

const unary: GpuKernel = (words, at, planner) => {
  const n = words[at + U.n]!;
  if (n === 0) return;
  const name = unaryFns[words[at + U.fn]!]!;
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
      xStart: words[at + U.x]!,
      yStart: words[at + U.y]!,
      p0: words[at + U.p0]!,
      p1: words[at + U.p1]!,
    }),
    groups: gridOfThreads(n),
  });
};

const B = fieldsOf('binary');

const binary: GpuKernel = (words, at, planner) => {
  const name = binaryFns[words[at + B.fn]!]!;
  const { from, expression } = binaryFunctions[name];
  const ndim = words[at + B.ndim]!;
  const shape = dims(words, at + B.shape, ndim);
  const tensors = (['a', 'b'] as const).flatMap((operand) => {
    const address = words[at + B[operand]]!;
    if (address === 0) return [];
    return [{ name: `${operand}At`, address, strides: dims(words, at + B[`${operand}Strides`], ndim) }];
  });
  const value = (operand: 'a' | 'b') =>
    words[at + B[operand]] === 0 ? `bitcast<${from}>(scalar)` : load(from, `${operand}At`);
  const scalars = ['a', 'b'].filter((operand) => !tensors.some((tensor) => tensor.name === `${operand}At`));
  walk(
    planner,
    `binary ${name} ${scalars}`,
    shape,
    [...tensors, { name: 'y', address: words[at + B.y]!, strides: rowMajor(shape) }],
    `let a = ${value('a')};
let b = ${value('b')};
heap[y] = bitcast<u32>(${expression});`,
    { scalar: words[at + B.scalar]! },
  );
};

const W = fieldsOf('where');

const where: GpuKernel = (words, at, planner) => {
  const ndim = words[at + W.ndim]!;
  const shape = dims(words, at + W.shape, ndim);
  walk(
    planner,
    'where',
    shape,
    [
      { name: 'condition', address: words[at + W.condition]!, strides: dims(words, at + W.conditionStrides, ndim) },
      { name: 'a', address: words[at + W.a]!, strides: dims(words, at + W.aStrides, ndim) },
      { name: 'b', address: words[at + W.b]!, strides: dims(words, at + W.bStrides, ndim) },
      { name: 'y', address: words[at + W.y]!, strides: rowMajor(shape) },
    ],
    'if (heap[condition] != 0u) { heap[y] = heap[a]; } else { heap[y] = heap[b]; }',
  );
};

export const elementwiseKernels = { copy, fill, unary, binary, where } satisfies GpuKernels;
