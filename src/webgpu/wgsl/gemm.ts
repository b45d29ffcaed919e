/** C = activation(alpha·A·B + beta·C + bias), any strides. */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { activations } from '../../../bindings/commands/gemm.ts';
import { bitsToFloat } from '../../../bindings/commands/program.ts';
import type { GpuKernel, GpuKernels } from '../launch.ts';
import { activationFunctions } from './functions.ts';
import { byFours, launchProduct } from './tiles.ts';

const readGemm = readerOf('gemm');

/** Fields that the shader reads as they are. */
const READ = [
  ...(['a', 'b', 'c', 'bias', 'aRow', 'aCol', 'aBatch', 'bRow', 'bCol', 'bBatch'] as const),
  ...(['cRow', 'cBatch', 'alpha', 'beta'] as const),
];

const gemm: GpuKernel = (words, at, planner) => {
  const command = readGemm(words, at);
  const readsC = bitsToFloat(command.beta) !== 0;
  const hasBias = command.bias !== 0;
  const activation = activations[command.activation]!;
  const areByFours = (...names: (keyof typeof command)[]) => byFours(...names.map((name) => command[name]));
  const isUnit = (name: 'aCol' | 'bRow' | 'bCol') => Math.abs(command[name]) === 1;
  const aAlongK = isUnit('aCol');
  const bAlongK = isUnit('bRow') && !isUnit('bCol');
  const aByFours = aAlongK
    ? command.aCol === 1 && areByFours('a', 'aRow', 'aBatch', 'k')
    : command.aRow === 1 && areByFours('a', 'aCol', 'aBatch', 'm');
  const bByFours = bAlongK
    ? command.bRow === 1 && areByFours('b', 'bCol', 'bBatch', 'k')
    : command.bCol === 1 && areByFours('b', 'bRow', 'bBatch');
  const aAt = 'a + matrix * aBatch + q * aRow + p * aCol';
  const bAt = 'b + matrix * bBatch + q * bCol + p * bRow';
  launchProduct(planner, {
    key: `gemm ${activation} ${hasBias} ${readsC}`,
    values: Object.fromEntries(READ.map((name) => [name, command[name]])),
    matrices: command.batch,
    m: command.m,
    n: command.n,
    k: command.k,
    a: { way: aAlongK ? 'along k' : 'across', element: `value = f(${aAt});`, at: aAt },
    b: { way: bAlongK ? 'along k' : 'across', element: `value = f(${bAt});`, at: bAt },
    wide: aByFours && bByFours && areByFours('c', 'cRow', 'cBatch', 'n'),
    target: 'c + matrix * cBatch + row * cRow + col',
    finish: `v *= bitcast<f32>(alpha);
${readsC ? 'v += bitcast<f32>(beta) * f(at);' : ''}
${hasBias ? 'v += f(bias + col);' : ''}
v = ${activationFunctions[activation]};`,
  });
};

export const gemmKernels = { gemm } satisfies GpuKernels;
