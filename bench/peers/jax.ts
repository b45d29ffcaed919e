/**
 * jax-js on its wasm device. It has a thread pool only where there is a global Worker, which Node lacks: one thread.
 * Arrays are reference-counted, and every call consumes its arguments. Training runs the step through `jit`, as its
 * users do; elementwise operations and matmul run eagerly.
 */
import type { Prepared } from '../harness/types.ts';
import { load, versionOf } from './load.ts';
import {
  type Activation,
  CHECKED_STEPS,
  type ElementwiseOp,
  inputSize,
  oneHot,
  outputSize,
  type Peer,
  type TrainProblem,
  transposed,
} from './types.ts';

interface JaxArray {
  ref: JaxArray;
  reshape(shape: number[]): JaxArray;
  transpose(): JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  mean(): JaxArray;
  dataSync(): Float32Array;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}
type Unary = (x: JaxArray) => JaxArray;
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  numpy: { array(data: Float32Array): JaxArray; matmul(a: JaxArray, b: JaxArray): JaxArray } & Record<
    'exp' | 'tanh' | 'log' | 'square',
    Unary
  >;
  nn: Record<'sigmoid' | 'relu' | 'softmax' | 'logSoftmax', Unary>;
  jit<F extends (...args: never[]) => unknown>(fn: F): F;
  valueAndGrad(
    fn: (params: JaxArray[], ...rest: JaxArray[]) => JaxArray,
  ): (params: JaxArray[], ...rest: JaxArray[]) => [JaxArray, JaxArray[]];
}

/** Runs `call` to its end and frees the result; `output` reads the result instead. */
function eager(call: () => JaxArray, inputs: JaxArray[]): Prepared {
  return {
    run: async () => {
      const y = call();
      await y.blockUntilReady();
      y.dispose();
    },
    output: () => call().dataSync(),
    dispose: () => inputs.forEach((array) => void array.dispose()),
  };
}

function unary({ numpy, nn }: Jax, op: Exclude<ElementwiseOp, 'add' | 'addRow'> | Activation): Unary {
  if (op === 'sum') return (x) => x.sum();
  return op === 'sigmoid' || op === 'relu' || op === 'softmax' ? nn[op] : numpy[op];
}

function train(jax: Jax, problem: TrainProblem): Prepared {
  const { numpy, nn } = jax;
  const { layers, batch, loss, lr } = problem;
  const array = (data: Float32Array, shape: number[]) => numpy.array(data).reshape(shape);
  const classes = outputSize(problem);
  const x = array(problem.x, [batch, inputSize(problem)]);
  const y = array(loss.kind === 'mse' ? loss.targets : oneHot(loss.labels, classes), [batch, classes]);
  let params = layers.flatMap((layer) => [
    array(transposed(layer), [layer.inputs, layer.outputs]),
    array(layer.bias, [layer.outputs]),
  ]);
  const lossOf = (weights: JaxArray[], input: JaxArray, wanted: JaxArray) => {
    let h = input;
    layers.forEach(({ activation }, i) => {
      h = numpy.matmul(h, weights[2 * i]!).add(weights[2 * i + 1]!);
      if (activation !== undefined) h = unary(jax, activation)(h);
    });
    if (loss.kind === 'mse') return numpy.square(h.sub(wanted)).mean();
    return nn
      .logSoftmax(h)
      .mul(wanted)
      .sum()
      .mul(-1 / batch);
  };
  const step = jax.jit((weights: JaxArray[], input: JaxArray, wanted: JaxArray) => {
    const kept = weights.map((w) => w.ref);
    const [value, gradients] = jax.valueAndGrad(lossOf)(weights, input, wanted);
    return [value, kept.map((w, i) => w.sub(gradients[i]!.mul(lr)))] as [JaxArray, JaxArray[]];
  });
  const advance = () => {
    const [value, updated] = step(params, x.ref, y.ref);
    params = updated;
    return value;
  };
  return {
    run: async () => {
      advance().dispose();
      for (const param of params) await param.blockUntilReady();
    },
    output: () => Array.from({ length: CHECKED_STEPS }, () => advance().dataSync()[0]!),
    dispose: () => [x, y, ...params].forEach((t) => void t.dispose()),
  };
}

export const jaxJs: Peer = {
  name: 'jax-js',
  open: async () => {
    // It reads navigator.gpu at start, and Node 20 has no navigator.
    (globalThis as { navigator?: object }).navigator ??= {};
    const jax = await load<Jax>('@jax-js/jax');
    if (!(await jax.init('wasm')).includes('wasm')) throw new Error('its wasm device does not start');
    jax.defaultDevice('wasm');
    const { numpy } = jax;
    return {
      version: versionOf('@jax-js/jax'),
      note: `${typeof Worker === 'undefined' ? 'one thread' : 'its own choice of threads'}, float32, SIMD; training through jit`,
      gemm: ({ m, n, k, transA, transB, a, b }) => {
        const ja = numpy.array(a).reshape(transA ? [k, m] : [m, k]);
        const jb = numpy.array(b).reshape(transB ? [n, k] : [k, n]);
        const left = () => (transA ? ja.ref.transpose() : ja.ref);
        const right = () => (transB ? jb.ref.transpose() : jb.ref);
        return eager(() => numpy.matmul(left(), right()), [ja, jb]);
      },
      elementwise: ({ op, rows, cols, x, other }) => {
        const jx = numpy.array(x).reshape([rows, cols]);
        if (op !== 'add' && op !== 'addRow') {
          const fn = unary(jax, op);
          return eager(() => fn(jx.ref), [jx]);
        }
        const jo = numpy.array(other).reshape(op === 'addRow' ? [cols] : [rows, cols]);
        return eager(() => jx.ref.add(jo.ref), [jx, jo]);
      },
      train: (problem) => train(jax, problem),
    };
  },
};
