/** onnxruntime-web, if it is installed: `npm ci --prefix test/onnxruntime`. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Tensor, tensor } from '../../src/index.ts';

type Elements = Float32Array | Int32Array | BigInt64Array | Uint8Array;

interface OrtTensor {
  type: string;
  data: Elements;
  dims: readonly number[];
}
interface Session {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
interface Ort {
  env: { wasm: { numThreads?: number }; logLevel?: string };
  Tensor: new (type: string, data: Elements, shape: readonly number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

const home = new URL('../onnxruntime/package.json', import.meta.url);

/** Whether the runtime is there; tests that need it are skipped otherwise. */
export const hasOnnxRuntime = existsSync(new URL('node_modules/onnxruntime-web/package.json', home));

let loaded: Promise<Ort> | undefined;

async function load(): Promise<Ort> {
  const path = createRequire(home).resolve('onnxruntime-web');
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Ort & { default?: Ort };
  const ort = module.default ?? module;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort;
}

const toOrt = (ort: Ort, t: Tensor): OrtTensor => {
  const data = t.dataSync();
  if (t.dtype === 'bool') return new ort.Tensor('bool', Uint8Array.from(data), t.shape);
  return new ort.Tensor(t.dtype, data as Float32Array | Int32Array, t.shape);
};

/** The runtime's results for a model and inputs, as saraf's tensors in the order of the outputs; with basic optimisations only. */
export async function runOnnx(model: Uint8Array, inputs: readonly Tensor[]): Promise<Tensor[]> {
  loaded ??= load();
  const ort = await loaded;
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'basic',
  });
  try {
    const feeds = Object.fromEntries(session.inputNames.map((name, i) => [name, toOrt(ort, inputs[i]!)]));
    const results = await session.run(feeds);
    return session.outputNames.map((name) => {
      const { type, data, dims } = results[name]!;
      const dtype = type === 'float32' || type === 'bool' ? type : 'int32';
      return tensor(dtype === 'float32' ? (data as Float32Array) : Int32Array.from(data as Int32Array, Number), {
        shape: dims,
        dtype,
      });
    });
  } finally {
    await session.release();
  }
}
