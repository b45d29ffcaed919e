/** C = activation(alpha·A·B + beta·C + bias), any strides. */

import { fieldsOf } from '../../../bindings/commands/fields.ts';
import { activations } from '../../../bindings/commands/gemm.ts';
import type { GpuKernel, GpuKernels } from '../launch.ts';
import { activationFunctions } from './functions.ts';
import { byFours, launchProduct } from './tiles.ts';

const G = fieldsOf('gemm');
/** Fields that the shader reads as they are. */
const READ = [
  ...(['a', 'b', 'c', 'bias', 'aRow', 'aCol', 'aBatch', 'bRow', 'bCol', 'bBatch'] as const),
  ...(['cRow', 'cBatch', 'alpha', 'beta'] as const),
];
const floatView = new Float32Array(1);
const bitView = new Int32Array(floatView.buffer);

const gemm: GpuKernel = (words, at, planner) => {
  const field = (name: keyof typeof G) => words[at + G[name]]!;
  bitView[0] = field('beta');
  const readsC = floatView[0] !== 0;
  const hasBias = field('bias') !== 0;
  const activation = activations[field('activation')]!;
  const areByFours = (...names: (keyof typeof G)[]) => byFours(...names.map(field));
  const isUnit = (name: 'aCol' | 'bRow' | 'bCol') => Math.abs(field(name)) === 1;
  const aAlongK = isUnit('aCol');
  const bAlongK = isUnit('bRow') && !isUnit('bCol');
  const aByFours = aAlongK
    ? field('aCol') === 1 && areByFours('a', 'aRow', 'aBatch', 'k')
    : field('aRow') === 1 && areByFours('a', 'aCol', 'aBatch', 'm');
  const bByFours = bAlongK
    ? field('bRow') === 1 && areByFours('b', 'bCol', 'bBatch', 'k')
    : field('bCol') === 1 && areByFours('b', 'bRow', 'bBatch');
  const aAt = 'a + matrix * aBatch + q * aRow + p * aCol';
  const bAt = 'b + matrix * bBatch + q * bCol + p * bRow';
  launchProduct(planner, {
    key: `gemm ${activation} ${hasBias} ${readsC}`,
    values: Object.fromEntries(READ.map((name) => [name, field(name)])),
    matrices: field('batch'),
    m: field('m'),
    n: field('n'),
    k: field('k'),
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
