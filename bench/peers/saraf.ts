/**
 * saraf itself. `saraf` is what the other contenders are compared with: the kernels on typed arrays in the suites of
 * single operations (tensors where the kernels lack one), eager tensors in the training suites. `saraf tensor`,
 * `saraf compiled` and `saraf reference` (its plain TypeScript executor) are contenders of their own.
 */
import { join } from 'node:path';
import type { Device, nn as Layers, Tensor } from '../../src/index.ts';
import type { Prepared } from '../harness/types.ts';
import { benchFolder, load } from './load.ts';
import { sarafNetwork } from './sarafNetwork.ts';
import {
  CHECKED_STEPS,
  type ConvProblem,
  type ElementwiseProblem,
  type GemmProblem,
  type Library,
  type Peer,
  type PlanesProblem,
  type TrainProblem,
} from './types.ts';

type Saraf = typeof import('../../src/index.ts');
type Kernels = typeof import('../../bindings/kernels/index.ts');

const LARGEST_REFERENCE = 512;
/** Room for all operands, so that nothing grows during a measurement. */
const MEMORY_MIB = 256;
/** Threads that the suite of threads starts. */
const TEAM = 2;

const source = <T>(path: string): Promise<T> => load<T>(join(benchFolder, '..', path));

function kernelGemm(kernels: Kernels, { m, n, k, transA, transB, a, b }: GemmProblem): Prepared {
  const [ka, kb, c] = [kernels.alloc(m * k), kernels.alloc(k * n), kernels.alloc(m * n)];
  ka.set(a);
  kb.set(b);
  const options = { m, n, k, a: ka, b: kb, c, transA, transB };
  return {
    run: () => kernels.gemm(options),
    output: () => {
      kernels.gemm(options);
      return c.slice();
    },
    dispose: () => [ka, kb, c].forEach((array) => void kernels.free(array)),
  };
}

function kernelElementwise(kernels: Kernels, { op, rows, cols, x, other }: ElementwiseProblem): Prepared | undefined {
  if (op === 'addRow' || op === 'log') return undefined;
  const [kx, ko, y] = [kernels.alloc(x.length), kernels.alloc(other.length), kernels.alloc(x.length)];
  kx.set(x);
  ko.set(other);
  const dispose = () => [kx, ko, y].forEach((array) => void kernels.free(array));
  if (op === 'sum') return { run: () => kernels.sum({ x: kx }), output: () => [kernels.sum({ x: kx })], dispose };
  let run: () => void;
  if (op === 'add') run = () => kernels.add({ a: kx, b: ko, y });
  else if (op === 'softmax') run = () => kernels.softmax({ x: kx, y, rows, cols });
  else {
    const unary = kernels[op];
    run = () => unary({ x: kx, y });
  }
  const output = () => {
    run();
    return y.slice();
  };
  return { run, output, dispose };
}

function tensorCall({ noGrad }: Saraf, call: () => Tensor, inputs: Tensor[]): Prepared {
  return {
    run: () => noGrad(call).dispose(),
    output: () => noGrad(call).dataSync(),
    dispose: () => inputs.forEach((t) => void t.dispose()),
  };
}

function tensorGemm(saraf: Saraf, problem: GemmProblem, device?: Device): Prepared {
  const { m, n, k, transA, transB } = problem;
  const a = saraf.tensor(problem.a, { shape: transA ? [k, m] : [m, k], device });
  const b = saraf.tensor(problem.b, { shape: transB ? [n, k] : [k, n], device });
  const left = transA ? a.T : a;
  const right = transB ? b.T : b;
  return tensorCall(saraf, () => left.matmul(right), [a, b]);
}

function tensorElementwise(saraf: Saraf, { op, rows, cols, x, other }: ElementwiseProblem): Prepared {
  const tx = saraf.tensor(x, { shape: [rows, cols] });
  const to = saraf.tensor(other, { shape: op === 'addRow' ? [cols] : [rows, cols] });
  const calls: Record<typeof op, () => Tensor> = {
    sigmoid: () => tx.sigmoid(),
    exp: () => tx.exp(),
    tanh: () => tx.tanh(),
    log: () => tx.log(),
    relu: () => tx.relu(),
    sum: () => tx.sum(),
    add: () => tx.add(to),
    addRow: () => tx.add(to),
    softmax: () => saraf.F.softmax(tx, { dim: 1 }),
  };
  return tensorCall(saraf, calls[op], [tx, to]);
}

function kernelConv(kernels: Kernels, problem: ConvProblem): Prepared | undefined {
  const { batch, size, outSize, inChannels, outChannels, kernel, stride, padding, groups, g } = problem;
  if (g !== null) return undefined;
  const [x, weight] = [kernels.alloc(problem.x.length), kernels.alloc(problem.weight.length)];
  const y = kernels.alloc(batch * outChannels * outSize * outSize);
  x.set(problem.x);
  weight.set(problem.weight);
  const sizes = {
    batch,
    inChannels,
    outChannels,
    height: size,
    width: size,
    kernelSize: kernel,
    stride,
    padding,
    groups,
  };
  const options = { x, weight, y, ...sizes };
  return {
    run: () => kernels.conv2d(options),
    output: () => {
      kernels.conv2d(options);
      return y.slice();
    },
    dispose: () => [x, weight, y].forEach((array) => void kernels.free(array)),
  };
}

function tensorConv(saraf: Saraf, problem: ConvProblem, compiled = false): Prepared {
  const { batch, size, outSize, inChannels, outChannels, kernel, stride, padding, groups, g } = problem;
  const requiresGrad = g !== null;
  const { F, tensor, scope, grad } = saraf;
  const x = tensor(problem.x, { shape: [batch, inChannels, size, size], requiresGrad });
  const shape = [outChannels, inChannels / groups, kernel, kernel];
  const weight = tensor(problem.weight, { shape, requiresGrad });
  const call = () => F.conv2d(x, weight, null, { stride, padding, groups });
  if (compiled) {
    const program = saraf.compile((image: Tensor) =>
      saraf.noGrad(() => F.conv2d(image, weight, null, { stride, padding, groups })),
    );
    return tensorCall(saraf, () => program(x), [x, weight]);
  }
  if (g === null) return tensorCall(saraf, call, [x, weight]);
  const gradOutputs = tensor(g, { shape: [batch, outChannels, outSize, outSize] });
  const both = (): Tensor[] => {
    const y = call();
    return [y, ...grad(y, [x, weight], { gradOutputs })];
  };
  return {
    run: () => scope(() => void both()),
    output: () => scope(() => Float32Array.from(both().flatMap((t) => Array.from(t.dataSync())))),
    dispose: () => [x, weight, gradOutputs].forEach((t) => void t.dispose()),
  };
}

function kernelPlanes(kernels: Kernels, { op, x: data, ...sizes }: PlanesProblem): Prepared | undefined {
  if (op !== 'maxPool') return undefined;
  const [x, y] = [kernels.alloc(data.length), kernels.alloc(data.length >> 2)];
  x.set(data);
  const options = { ...sizes, x, y, kernelSize: 2 };
  return {
    run: () => kernels.maxPool2d(options),
    output: () => {
      kernels.maxPool2d(options);
      return y.slice();
    },
    dispose: () => [x, y].forEach((array) => void kernels.free(array)),
  };
}

function tensorPlanes(saraf: Saraf, { op, batch, channels, height, width, ...data }: PlanesProblem): Prepared {
  const { F, grad, scope, tensor } = saraf;
  const isPool = op !== 'batchNormTraining';
  const x = tensor(data.x, { shape: [batch, channels, height, width], requiresGrad: op !== 'maxPool' });
  if (op === 'maxPool') return tensorCall(saraf, () => F.maxPool2d(x, 2), [x]);
  const shape = isPool ? [batch, channels, height >> 1, width >> 1] : x.shape;
  const g = tensor(
    data.g.subarray(
      0,
      shape.reduce((a, b) => a * b),
    ),
    { shape },
  );
  const call = () => {
    const y = isPool ? F.maxPool2d(x, 2) : F.batchNorm(x, null, null, { training: true });
    return grad(y, x, { gradOutputs: g })[0]!;
  };
  return {
    run: () => scope(() => void call()),
    output: () => scope(() => call().dataSync()),
    dispose: () => [x, g].forEach((t) => void t.dispose()),
  };
}

function train(
  saraf: Saraf,
  problem: TrainProblem,
  { device, compiled = false }: { device?: Device; compiled?: boolean } = {},
): Prepared {
  const { compile, nn, F, optim, tensor, scope } = saraf;
  const activations = { relu: nn.ReLU, sigmoid: nn.Sigmoid, tanh: nn.Tanh };
  const modules: Layers.Layer[] = [];
  const weights: Record<string, Tensor> = {};
  for (const { inputs, outputs, weight, bias, activation } of problem.layers) {
    weights[`${modules.length}.weight`] = tensor(weight, { shape: [outputs, inputs] });
    weights[`${modules.length}.bias`] = tensor(bias, { shape: [outputs] });
    modules.push(new nn.Linear(inputs, outputs));
    if (activation !== undefined) modules.push(new activations[activation]());
  }
  const model = new nn.Sequential(...modules);
  model.loadStateDict(weights);
  if (device !== undefined) model.to(device);
  const make = problem.optimizer === 'adam' ? optim.Adam : optim.SGD;
  const optimizer = new make(model.parameters(), { lr: problem.lr });
  const { batch, loss } = problem;
  const x = tensor(problem.x, { shape: [batch, problem.x.length / batch], device });
  const y =
    loss.kind === 'mse'
      ? tensor(loss.targets, { shape: [batch, loss.targets.length / batch], device })
      : tensor(loss.labels, { shape: [batch], dtype: 'int32', device });
  const step = (input: Tensor, wanted: Tensor): Tensor => {
    optimizer.zeroGrad();
    const logits = model.forward(input);
    const value = loss.kind === 'mse' ? F.mseLoss(logits, wanted) : F.crossEntropy(logits, wanted);
    value.backward();
    optimizer.step();
    return value;
  };
  const call = compiled ? compile(step) : step;
  return {
    run: () => scope(() => void call(x, y)),
    output: () => Array.from({ length: CHECKED_STEPS }, () => scope(() => call(x, y).item())),
    dispose: () => [x, y, model, ...Object.values(weights)].forEach((t) => void t.dispose()),
  };
}

type Make = (saraf: Saraf) => Partial<Library> | Promise<Partial<Library>>;

/** Starts saraf from this tree. */
export async function openSaraf(make: Make, { note = '', threads = 1 } = {}): Promise<Library> {
  const saraf = await source<Saraf>('src/index.ts');
  const info = await saraf.init({ threads, memoryMiB: MEMORY_MIB });
  if (info.threads < threads) throw new Error(info.threadsNote);
  const library = await make(saraf);
  return {
    version: 'this tree',
    note: note || `${threads === 1 ? 'one thread' : `${threads} threads`}, float32, ${info.simd}`,
    ...library,
  };
}

export const saraf: Peer = {
  name: 'saraf',
  open: () =>
    openSaraf(async (saraf) => {
      const kernels = await source<Kernels>('bindings/kernels/index.ts');
      return {
        gemm: (problem) => kernelGemm(kernels, problem),
        elementwise: (problem) => kernelElementwise(kernels, problem) ?? tensorElementwise(saraf, problem),
        planes: (problem) => kernelPlanes(kernels, problem) ?? tensorPlanes(saraf, problem),
        train: (problem) => train(saraf, problem),
        conv: (problem) => kernelConv(kernels, problem) ?? tensorConv(saraf, problem),
        network: (problem) => sarafNetwork(saraf, problem, false),
      };
    }),
};

export const sarafTensor: Peer = {
  name: 'saraf tensor',
  open: () =>
    openSaraf((saraf) => ({
      gemm: (problem) => tensorGemm(saraf, problem),
      elementwise: (problem) => tensorElementwise(saraf, problem),
      conv: (problem) => (problem.g === null ? tensorConv(saraf, problem) : undefined),
      planes: (problem) => (problem.op === 'maxPool' ? tensorPlanes(saraf, problem) : undefined),
    })),
};

export const sarafCompiled: Peer = {
  name: 'saraf compiled',
  open: () =>
    openSaraf((saraf) => ({
      conv: (problem) => (problem.g === null ? tensorConv(saraf, problem, true) : undefined),
      train: (problem) => train(saraf, problem, { compiled: true }),
      network: (problem) => sarafNetwork(saraf, problem, true),
    })),
};

export const sarafReference: Peer = {
  name: 'saraf reference',
  open: () =>
    openSaraf(
      (saraf) => ({
        gemm: (problem) => {
          const { m, n, k } = problem;
          return Math.max(m, n, k) > LARGEST_REFERENCE ? undefined : tensorGemm(saraf, problem, 'reference');
        },
        train: (problem) => train(saraf, problem, { device: 'reference' }),
      }),
      { note: 'one thread, plain TypeScript' },
    ),
};

/** saraf with this many of the team's threads at work; training is compiled. */
export const sarafThreads = (name: string, threads: number): Peer => ({
  name,
  open: () =>
    openSaraf(
      async (saraf) => {
        const kernels = await source<Kernels>('bindings/kernels/index.ts');
        const using = (prepared: Prepared | undefined): Prepared | undefined =>
          prepared && { ...prepared, select: () => void saraf.setNumThreads(threads) };
        return {
          note: `${threads === 1 ? 'one thread' : `${threads} threads`}, float32, ${saraf.runtimeInfo().simd}`,
          gemm: (problem) => using(kernelGemm(kernels, problem)),
          elementwise: (problem) => using(kernelElementwise(kernels, problem) ?? tensorElementwise(saraf, problem)),
          train: (problem) => using(train(saraf, problem, { compiled: true })),
          conv: (problem) => using(tensorConv(saraf, problem, true)),
          network: (problem) => using(sarafNetwork(saraf, problem, true)),
        };
      },
      { threads: TEAM },
    ),
});
