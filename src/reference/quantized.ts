/** Products of int8 matrices: integers, so that the result is exact. A word holds four numbers, the first in its lowest byte. */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readQgemm = readerOf('qgemm');

/** C[i, j] = Σ (A[i, p] − aZero)·(B[j, p] − bZero[j]) + bias[j], or scale[j]·Σ + bias[j]. */
const qgemm: ReferenceKernel = ({ f, i: ints }, words, _, at) => {
  const command = readQgemm(words, at);
  const { aZero, bZero, scale, bias, m, n, k } = command;
  const byteOf = (address: number, index: number) =>
    (ints[address + Math.floor(index / 4)]! << (24 - 8 * (index % 4))) >> 24;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const zero = ints[bZero + j]!;
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const left = byteOf(command.a, i * k + p) - aZero;
        sum = (sum + left * (byteOf(command.b, j * k + p) - zero)) | 0;
      }
      const c = command.c + i * n + j;
      if (scale === 0) ints[c] = bias === 0 ? sum : (sum + ints[bias + j]!) | 0;
      else f[c] = Math.fround(Math.fround(sum) * f[scale + j]!) + (bias === 0 ? 0 : f[bias + j]!);
    }
  }
};

export const quantizedKernels = { qgemm } satisfies ReferenceKernels;
