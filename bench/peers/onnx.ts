/**
 * onnxruntime-web, its wasm execution provider with one thread. It copies inputs into its memory and the output out of
 * it in every run; its interface offers no way to avoid that, so it is part of the time. It does not train.
 */
import type { Prepared } from '../harness/types.ts';
import { load, versionOf } from './load.ts';
import { onnxModel, type TensorType } from './onnxModel.ts';
import type { ElementwiseOp, Peer } from './types.ts';

interface OrtTensor {
  data: Float32Array;
  dispose(): void;
}
interface Session {
  /** Every model here has one output, `y`. */
  run(feeds: Record<string, OrtTensor>): Promise<{ y: OrtTensor }>;
  release(): Promise<void>;
}
interface Ort {
  env: { wasm: { numThreads?: number; proxy?: boolean }; logLevel?: string };
  Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

const operators: Record<ElementwiseOp, string> = {
  sigmoid: 'Sigmoid',
  exp: 'Exp',
  tanh: 'Tanh',
  log: 'Log',
  relu: 'Relu',
  add: 'Add',
  addRow: 'Add',
  softmax: 'Softmax',
  sum: 'ReduceSum',
};

type Input = TensorType & { data: Float32Array };

async function prepare(
  ort: Ort,
  op: string,
  inputs: Input[],
  shape: number[],
  attributes?: Record<string, number>,
): Promise<Prepared> {
  const model = onnxModel(op, inputs, { name: 'y', shape }, attributes);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(inputs.map((i) => [i.name, new ort.Tensor('float32', i.data, i.shape)]));
  return {
    run: async () => {
      (await session.run(feeds)).y.dispose();
    },
    output: async () => (await session.run(feeds)).y.data,
    dispose: () => void session.release(),
  };
}

export const onnxRuntime: Peer = {
  name: 'ort-web',
  open: async () => {
    const ort = await load<Ort>('onnxruntime-web');
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    return {
      version: versionOf('onnxruntime-web'),
      note: 'one thread, float32, SIMD; its run copies inputs in and the output out',
      gemm: ({ m, n, k, transA, transB, a, b }) =>
        prepare(
          ort,
          'Gemm',
          [
            { name: 'a', shape: transA ? [k, m] : [m, k], data: a },
            { name: 'b', shape: transB ? [n, k] : [k, n], data: b },
          ],
          [m, n],
          { transA: Number(transA), transB: Number(transB) },
        ),
      elementwise: ({ op, rows, cols, x, other }) => {
        const inputs = [{ name: 'x', shape: [rows, cols], data: x }];
        if (op === 'add') inputs.push({ name: 'other', shape: [rows, cols], data: other });
        if (op === 'addRow') inputs.push({ name: 'other', shape: [cols], data: other });
        if (op === 'sum') return prepare(ort, operators.sum, inputs, [], { keepdims: 0 });
        return prepare(ort, operators[op], inputs, [rows, cols]);
      },
    };
  },
};
