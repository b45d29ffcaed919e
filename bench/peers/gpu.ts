/**
 * GPUs: saraf on one, on the CPU, or where `device: 'auto'` puts it, and TensorFlow.js on WebGPU. Calls end when a result can be
 * read. In Node the package `webgpu` opens the GPU.
 */
import { join } from 'node:path';
import type { Device, Tensor } from '../../src/index.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';
import type { Prepared } from '../harness/types.ts';
import { benchFolder, load, versionOf } from './load.ts';
import { sarafNetworkOn } from './sarafNetwork.ts';
import { CHECKED_STEPS, type GemmProblem, type Library, type Peer, type TrainProblem } from './types.ts';

type Saraf = typeof import('../../src/index.ts');
type Runtime = typeof import('../../src/runtime/runtime.ts');

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software/i;

async function openSaraf(device: Device | 'auto', withSoftware: boolean): Promise<{ saraf: Saraf; note: string }> {
  const saraf = await load<Saraf>(join(benchFolder, '../src/index.ts'));
  await saraf.init({ threads: 1 });
  await saraf.init({ device: 'webgpu' });
  const { executorFor } = await load<Runtime>(join(benchFolder, '../src/runtime/runtime.ts'));
  const { vendor, architecture, description } = (executorFor('webgpu') as WebGpuExecutor).gpu.adapterInfo;
  const card = `${description || `${vendor} ${architecture}`}`.trim();
  if (!withSoftware && SOFTWARE.test(`${card} ${architecture}`)) {
    throw new Error(`there is no GPU here, only software that stands in for one (${card})`);
  }
  await saraf.init({ device: device === 'auto' ? 'auto' : 'wasm' });
  const { simd } = saraf.runtimeInfo();
  const notes = { wasm: `one thread, ${simd}`, webgpu: card, auto: `one thread, ${simd}, or ${card}`, reference: '' };
  return { saraf, note: notes[device] };
}

function product({ tensor, scope, noGrad }: Saraf, device: Device, problem: GemmProblem): Prepared {
  const { m, n, k, transA, transB } = problem;
  const a = tensor(problem.a, { shape: transA ? [k, m] : [m, k], device });
  const b = tensor(problem.b, { shape: transB ? [n, k] : [k, n], device });
  const call = () => noGrad(() => (transA ? a.T : a).matmul(transB ? b.T : b));
  return {
    run: async () => scope(() => ({ last: call().reshape(-1).slice(0, 0, 1).data() })).last,
    output: () => scope(() => ({ all: call().data() })).all,
    dispose: () => [a, b].forEach((t) => void t.dispose()),
  };
}

/** A step of SGD; inputs come from the CPU, as from a loader. */
function train(saraf: Saraf, device: Device | 'auto', { layers, batch, loss, ...problem }: TrainProblem): Prepared {
  const { compile, F, nn, optim, scope, tensor } = saraf;
  const parts = layers.flatMap(({ inputs, outputs, weight, bias, activation }) => {
    const layer = new nn.Linear(inputs, outputs);
    scope(() => {
      const state = { weight: tensor(weight, { shape: [outputs, inputs] }), bias: tensor(bias) };
      layer.loadStateDict(state);
    });
    const activations = { relu: nn.ReLU, sigmoid: nn.Sigmoid, tanh: nn.Tanh };
    return activation === undefined ? [layer] : [layer, new activations[activation]()];
  });
  const model = new nn.Sequential(...parts);
  if (device !== 'auto') model.to(device);
  const optimizer = new optim.SGD(model.parameters(), { lr: problem.lr });
  if (loss.kind !== 'crossEntropy') throw new Error('only cross-entropy is supported here');
  const x = tensor(problem.x, { shape: [batch, problem.x.length / batch] });
  const y = tensor(loss.labels);
  const step = compile(
    (input: Tensor, wanted: Tensor) => {
      optimizer.zeroGrad();
      const value = F.crossEntropy(model.forward(input), wanted);
      value.backward();
      optimizer.step();
      return value;
    },
    { device },
  );
  const call = async () => {
    const [value = Number.NaN] = await scope(() => ({ loss: step(x, y).data() })).loss;
    return value;
  };
  return {
    run: call,
    output: async () => {
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) losses.push(await call());
      return losses;
    },
    dispose: () => [step, x, y, model].forEach((part) => void part.dispose()),
  };
}

/** saraf with programs and their tensors on one device. `withSoftware`: a GPU emulated in software will do. */
export const sarafOn = (name: string, device: Device | 'auto', withSoftware: boolean): Peer => ({
  name,
  open: async () => {
    const { saraf, note } = await openSaraf(device, withSoftware);
    return {
      version: 'this tree',
      note,
      train: (problem) => train(saraf, device, problem),
      ...(device !== 'auto' && {
        gemm: (problem: GemmProblem) => product(saraf, device, problem),
        network: (problem) => sarafNetworkOn(saraf, device, problem),
      }),
    } satisfies Library;
  },
});

interface TfTensor {
  data(): Promise<Float32Array>;
  slice(begin: number[], size: number[]): TfTensor;
  dispose(): void;
}
interface Tf {
  setBackend(name: string): Promise<boolean>;
  enableProdMode(): void;
  tensor(data: Float32Array, shape: number[]): TfTensor;
  tidy<T>(fn: () => T): T;
  matMul(a: TfTensor, b: TfTensor, transA?: boolean, transB?: boolean): TfTensor;
}

/** Gives Node the navigator.gpu that browsers have. */
async function provideGpu(): Promise<void> {
  if ((globalThis.navigator as { gpu?: object } | undefined)?.gpu !== undefined) return;
  const { create, globals } = await load<{ create(flags: string[]): object; globals: object }>('webgpu');
  Object.assign(globalThis, globals);
  const value = { gpu: create([]), userAgent: 'node' };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}

/** TensorFlow.js on WebGPU: matrix products. */
export const tfjsWebgpu: Peer = {
  name: 'tfjs-webgpu',
  open: async () => {
    await provideGpu();
    const tf = await load<Tf>('@tensorflow/tfjs-core');
    await load('@tensorflow/tfjs-backend-webgpu');
    tf.enableProdMode();
    if (!(await tf.setBackend('webgpu'))) throw new Error('the webgpu backend does not start');
    return {
      version: versionOf('@tensorflow/tfjs-backend-webgpu'),
      note: 'float32',
      gemm: ({ m, n, k, transA, transB, ...problem }) => {
        const a = tf.tensor(problem.a, transA ? [k, m] : [m, k]);
        const b = tf.tensor(problem.b, transB ? [n, k] : [k, n]);
        const read = async (size: number[]) => {
          const part = tf.tidy(() => tf.matMul(a, b, transA, transB).slice([0, 0], size));
          const values = await part.data();
          part.dispose();
          return values;
        };
        return {
          run: () => read([1, 1]),
          output: () => read([m, n]),
          dispose: () => [a, b].forEach((t) => void t.dispose()),
        };
      },
    };
  },
};
