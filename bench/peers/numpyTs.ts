/**
 * numpy-ts: NumPy's arrays on wasm kernels, one thread. It has no gradients, and no sigmoid, relu or softmax of its own
 * (relu is `maximum(x, 0)`). Results are disposed of within the time.
 */
import type { Prepared } from '../harness/types.ts';
import { load, versionOf } from './load.ts';
import type { ElementwiseOp, Peer } from './types.ts';

interface NDArray {
  data: Float32Array;
  T: NDArray;
  reshape(shape: number[]): NDArray;
  dispose(): void;
}
interface Numpy {
  array(data: Float32Array, dtype: string): NDArray;
  matmul(a: NDArray, b: NDArray): NDArray;
  add(a: NDArray, b: NDArray): NDArray;
  maximum(a: NDArray, b: number): NDArray;
  sum(a: NDArray): number;
  exp(a: NDArray): NDArray;
  tanh(a: NDArray): NDArray;
  log(a: NDArray): NDArray;
  transpose(a: NDArray): NDArray;
}

function call(np: Numpy, op: ElementwiseOp, x: NDArray, other: NDArray): (() => NDArray) | undefined {
  switch (op) {
    case 'add':
    case 'addRow':
      return () => np.add(x, other);
    case 'relu':
      return () => np.maximum(x, 0);
    case 'exp':
    case 'tanh':
    case 'log':
      return () => np[op](x);
    default:
      return undefined;
  }
}

const prepared = (make: () => NDArray): Prepared => ({
  run: () => make().dispose(),
  output: () => make().data.slice(),
});

export const numpyTs: Peer = {
  name: 'numpy-ts',
  open: async () => {
    const np = await load<Numpy>('numpy-ts');
    const array = (data: Float32Array, shape: number[]) => np.array(data, 'float32').reshape(shape);
    return {
      version: versionOf('numpy-ts'),
      note: 'one thread, float32, SIMD',
      gemm: ({ m, n, k, transA, transB, a, b }) => {
        const na = transA ? np.transpose(array(a, [k, m])) : array(a, [m, k]);
        const nb = transB ? np.transpose(array(b, [n, k])) : array(b, [k, n]);
        return prepared(() => np.matmul(na, nb));
      },
      elementwise: ({ op, rows, cols, x, other }) => {
        const nx = array(x, [rows, cols]);
        if (op === 'sum') return { run: () => np.sum(nx), output: () => [np.sum(nx)] };
        const make = call(np, op, nx, array(other, op === 'addRow' ? [cols] : [rows, cols]));
        return make && prepared(make);
      },
    };
  },
};
