/** ml-matrix: matrices in plain JavaScript, one thread, rows of doubles. The products here are its `mmul`. */
import type { Prepared } from '../harness/types.ts';
import { load, versionOf } from './load.ts';
import type { Peer } from './types.ts';

interface MatrixLike {
  mmul(other: MatrixLike): MatrixLike;
  transpose(): MatrixLike;
  to1DArray(): number[];
  sum(): number;
  clone(): MatrixLike;
  addRowVector(row: number[]): MatrixLike;
}
type Unary = (x: MatrixLike) => MatrixLike;
interface MlMatrix {
  Matrix: {
    from1DArray(rows: number, cols: number, data: number[]): MatrixLike;
    add(a: MatrixLike, b: MatrixLike): MatrixLike;
  } & Record<'exp' | 'tanh' | 'log', Unary>;
}

const prepared = (make: () => MatrixLike): Prepared => ({ run: make, output: () => make().to1DArray() });

export const mlMatrix: Peer = {
  name: 'ml-matrix',
  open: async () => {
    const { Matrix } = await load<MlMatrix>('ml-matrix');
    const matrix = (data: Float32Array, rows: number, cols: number) => Matrix.from1DArray(rows, cols, [...data]);
    return {
      version: versionOf('ml-matrix'),
      note: 'one thread, plain JavaScript, float64',
      gemm: ({ m, n, k, transA, transB, a, b }) => {
        const ma = matrix(a, transA ? k : m, transA ? m : k);
        const mb = matrix(b, transB ? n : k, transB ? k : n);
        return prepared(() => (transA ? ma.transpose() : ma).mmul(transB ? mb.transpose() : mb));
      },
      elementwise: ({ op, rows, cols, x, other }) => {
        const mx = matrix(x, rows, cols);
        if (op === 'sum') return { run: () => mx.sum(), output: () => [mx.sum()] };
        if (op === 'exp' || op === 'tanh' || op === 'log') return prepared(() => Matrix[op](mx));
        if (op === 'add') {
          const mo = matrix(other, rows, cols);
          return prepared(() => Matrix.add(mx, mo));
        }
        if (op === 'addRow') {
          const row = [...other];
          return prepared(() => mx.clone().addRowVector(row));
        }
        return undefined;
      },
    };
  },
};
