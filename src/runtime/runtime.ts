/**
 * Which executors there are, and which one new tensors go to. The first operation starts the wasm kernels, or the
 * reference executor if there is no WebAssembly, unless `init` has chosen something else.
 */

import { ArgumentError, DeviceError, refuse } from '../../bindings/errors.ts';
import type { Device, Executor } from '../../bindings/executor.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { loadWasm, type WasmSource } from '../../bindings/wasm/given.ts';
import {
  bestVariant,
  checkThreads,
  configure,
  setThreads,
  startThreads,
  threadsInfo,
  wasmExecutor,
} from '../../bindings/wasm/instance.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { parkedTotal } from '../tensor/parked.ts';
import { active } from '../tensor/trace.ts';
import { hasWebGpu } from '../webgpu/device.ts';
import type { WebGpuExecutor } from '../webgpu/executor.ts';
import type { Rates } from '../webgpu/rates.ts';
import { runtimeName } from './environment.ts';
import { checkLimit, MIB, NO_ROOM, NO_ROOM_ON_GPU } from './memoryLimit.ts';
import { programsAlive } from './programCount.ts';
import { loadReference, startReference } from './reference.ts';

/** How products on the GPU read their operands. */
export type Precision = 'float32' | 'float16';

/** Options of `init`. */
export interface InitOptions {
  /**
   * Threads that the wasm kernels run on, including the caller's; 'auto': as many as there are cores. Default 1. If the
   * runtime has fewer, `runtimeInfo()` says how many and why. Results are bit for bit the same with any number.
   */
  threads?: number | 'auto';
  /**
   * Where new tensors go. Default: wasm if there is WebAssembly SIMD, otherwise the reference executor, whose code bundles load only here:
   * without WebAssembly they must call `init` before the first operation. 'webgpu' opens the runtime's GPU (in Node through the package
   * `webgpu`); it stays open for `to('webgpu')` when another device is chosen later, as the reference executor does for `to('reference')`.
   * 'auto': new tensors go to the CPU; the GPU is opened if there is one, and both are measured (some hundredths of a second), so
   * that `device: 'auto'` of `compile` and `Trainer` can choose between them.
   */
  device?: Device | 'auto';
  /**
   * How products on webgpu read their operands: matrix products, convolutions with their gradients, recurrent layers. Default
   * 'float32'. 'float16' rounds them to 11 significant bits if the GPU has `shader-f16` (`runtimeInfo()` says whether it does), which halves
   * the memory that a workgroup needs for them. Products of such numbers are exact in float32, in which they are added up: the error of an
   * element of a·b is at most about 2⁻¹⁰ · Σ|a||b|, or twice that on a GPU that does not round to nearest. Magnitudes above 65504 overflow,
   * and those below 6·10⁻⁵ may become 0: scale a loss whose gradients are that small. Tensors stay float32, and so do products on the CPU.
   */
  precision?: Precision;
  /** The same bits on every machine: plain SIMD without fused multiply-adds. */
  deterministic?: boolean;
  /** Memory that the wasm kernels reserve at the start, in MiB. It grows when needed. Default 16. */
  memoryMiB?: number;
  /**
   * What the memory of each device may grow to, in MiB: at most 4096, which is the default. What does not fit and has not been used for
   * longest is moved to the JavaScript heap; on the CPU that begins at 256 MiB, or at the limit if that is lower.
   */
  memoryLimitMiB?: number;
  /**
   * Kernels to run instead of those inside the package: the bytes of `saraf/relaxed.wasm` or `saraf/plain.wasm` of this version,
   * where to load them from, or the module, for hosts that compile only what is deployed (which run one thread).
   */
  wasm?: WasmSource;
  /** Where a copy of `saraf/worker.js` is hosted: for pages whose Content Security Policy forbids workers from a Blob. */
  workerUrl?: URL | string;
}

/** What `runtimeInfo` returns. */
export interface RuntimeInfo {
  /** Where new tensors go. */
  device: Device;
  /** SIMD variant of the wasm kernels; 'none' if they do not run. */
  simd: 'relaxed' | 'simd128' | 'none';
  /** Threads in use. */
  threads: number;
  /** Why there are fewer threads than requested. */
  threadsNote?: string;
  /** Whether this runtime offers WebGPU, or a GPU has been opened. */
  webgpu: boolean;
  /** How products on the GPU read their operands: 'float16' if `init` was told so and the open GPU offers it. */
  precision: Precision;
  /** Whether the open GPU computes sums by subgroups; results are bit for bit the same without. */
  subgroups: boolean;
  /** Size of the kernels in use; 0 if `init` was given a module. */
  wasmBytes: number;
  /** 'node', 'deno', 'bun', 'workerd', 'browser' or 'unknown'. */
  runtime: string;
}

/** What `memory` returns. What nobody needs any more counts until the garbage collector has told, which it cannot do inside synchronous code. */
export interface MemoryInfo {
  /** Tensors that have not been freed. */
  tensors: number;
  /** Bytes of all elements: in blocks of the executors, and parked. */
  bytesInUse: number;
  /** Bytes that the executors have reserved for their blocks. */
  bytesReserved: number;
  /** Bytes that were moved out of the executors' memory, because it was full, and come back when they are used. */
  bytesParked: number;
  /** Programs of compiled functions. */
  programs: number;
}

const executors = new Map<Device, Executor>();
let chosen: Device | 'auto' = 'auto';
let override: Executor | null = null;
let opening: Promise<WebGpuExecutor> | null = null;
/** How fast CPU and GPU are, once `init({ device: 'auto' })` has measured it. */
let rates: Rates | null = null;
let precision: Precision = 'float32';
/** Bytes that an executor's heap may have. */
let memoryLimit = Infinity;

function start(device: Device): Executor {
  switch (device) {
    case 'wasm':
      return wasmExecutor();
    case 'reference':
      return startReference();
    case 'webgpu':
      throw new DeviceError("device webgpu has not been opened: call await init({ device: 'webgpu' }) first", {
        argument: 'device',
        got: device,
      });
    default:
      throw new DeviceError(`device ${device}: this version runs on wasm, webgpu and reference`, {
        argument: 'device',
        got: device,
      });
  }
}

/** The GPU, if one is open. */
const openedGpu = () => executors.get('webgpu') as WebGpuExecutor | undefined;

/** Opens the GPU, once. Its code is loaded only here, so that programs without it stay small. If it is lost, new tensors go to the CPU. */
async function openGpu(): Promise<WebGpuExecutor> {
  const opened = openedGpu();
  if (opened !== undefined) return opened;
  opening ??= import('../webgpu/executor.ts')
    .then((webgpu) => webgpu.WebGpuExecutor.start())
    .finally(() => {
      opening = null;
    });
  const executor = await opening;
  // Several calls may have waited for it.
  if (executors.get('webgpu') === executor) return executor;
  executor.half = precision === 'float16';
  adopt(executor);
  executor.onLoss = () => {
    if (executors.get('webgpu') === executor) executors.delete('webgpu');
    rates = null;
    if (chosen === 'webgpu') chosen = 'auto';
  };
  executors.set('webgpu', executor);
  return executor;
}

/** Opens the GPU if there is one, and measures how fast it and the CPU are. */
async function openForAuto(): Promise<void> {
  let gpu: WebGpuExecutor;
  try {
    gpu = await openGpu();
  } catch (error) {
    if (error instanceof DeviceError) return;
    throw error;
  }
  if (rates !== null) return;
  const { measureRates } = await import('../webgpu/calibrate.ts');
  rates = await measureRates(cpuExecutor(), gpu);
}

/** Sets the precision of products on the GPU, which makes what was measured before void. */
function setPrecision(wanted: Precision): void {
  precision = wanted;
  const gpu = openedGpu();
  if (gpu === undefined) return;
  const before = gpu.half;
  gpu.half = wanted === 'float16';
  if (gpu.half !== before) rates = null;
}

/** What `device: 'auto'` chooses between: the CPU, and the GPU if it has been opened; and their rates if these have been measured. */
export function candidates(): { cpu: Executor; gpu: Executor | null; rates: Rates | null } {
  return { cpu: cpuExecutor(), gpu: executors.get('webgpu') ?? null, rates };
}

/** @internal Sets the rates, for tests and benchmarks. */
export function setRates(given: Rates | null): void {
  rates = given;
}

/** The executors that tensors may be on. */
const inUse = (): Set<Executor> => new Set([...executors.values(), ...(override === null ? [] : [override])]);

/** Tensors that have not been freed, on all executors. */
function liveTensors(): number {
  let sum = parkedTotal.tensors;
  for (const { residents } of inUse()) sum += residents.tensors;
  return sum;
}

/** What to know where memory is full. */
const describeTensors = ({ save }: Executor): string =>
  `${liveTensors()} tensors are alive; ${save === undefined ? NO_ROOM_ON_GPU : NO_ROOM}`;

/** The executor of a device, started at its first use. */
export function executorFor(device: Device): Executor {
  let executor = executors.get(device);
  // saraf/kernels may have started another one, with other settings.
  if (executor === undefined || (device === 'wasm' && executor !== wasmExecutor())) {
    executor = start(device);
    adopt(executor);
    executors.set(device, executor);
  }
  return executor;
}

function defaultDevice(): Device {
  if (chosen === 'auto') chosen = bestVariant() === null ? 'reference' : 'wasm';
  return chosen;
}

/** The executor that new tensors go to. */
export function defaultExecutor(): Executor {
  return active(override ?? executorFor(defaultDevice()));
}

/** The executor on the CPU. */
export function cpuExecutor(): Executor {
  return executorFor(bestVariant() === null ? 'reference' : 'wasm');
}

/** The executor for what the library itself reads synchronously: the default one, or one on the CPU if that is a GPU. */
export function readableExecutor(): Executor {
  const executor = defaultExecutor();
  return executor.download === undefined ? executor : cpuExecutor();
}

/** Runs `fn` with new tensors going to `executor`. */
export function withExecutor<T>(executor: Executor, fn: () => T): T {
  const before = override;
  override = executor;
  try {
    return fn();
  } finally {
    override = before;
  }
}

function setMemoryLimit(limitMiB: number): void {
  memoryLimit = limitMiB * MIB;
  for (const { allocator } of executors.values()) allocator.limitTo(memoryLimit);
}

/** Prepares an executor for tensors. */
function adopt(executor: Executor): void {
  const { allocator } = executor;
  allocator.describe = () => describeTensors(executor);
  allocator.limitTo(memoryLimit);
}

const DEVICES = ['auto', 'wasm', 'reference', 'webgpu'];
const PRECISIONS = ['float32', 'float16'];

/**
 * Chooses device and kernels. Optional: without it the first operation starts the kernels as `init()` would. Options
 * that change the kernels (deterministic, memoryMiB, more threads, wasm, workerUrl) are refused while tensors are alive. Only `init` starts
 * threads, and they do not keep a process alive.
 *
 * @throws ArgumentError for an unknown option or value; DeviceError for a device that this runtime lacks
 * @example
 * const info = await init({ threads: 'auto' });
 */
export async function init(options: InitOptions = {}): Promise<RuntimeInfo> {
  if (arguments.length > 1) noMore('init', 1, arguments);
  checkOptions('init', options, {
    threads: VALUE,
    device: VALUE,
    precision: VALUE,
    deterministic: FLAG,
    memoryMiB: VALUE,
    memoryLimitMiB: VALUE,
    wasm: VALUE,
    workerUrl: VALUE,
  });
  const { threads, device, precision: wanted, deterministic, memoryMiB, memoryLimitMiB, wasm, workerUrl } = options;
  if (threads !== undefined && threads !== 'auto') checkThreads('init', threads);
  if (device !== undefined && !DEVICES.includes(device)) {
    refuse(ArgumentError, 'init', `unknown device ${device} (known: ${DEVICES.join(', ')})`, {
      argument: 'device',
      got: device,
    });
  }
  if (wanted !== undefined && !PRECISIONS.includes(wanted)) {
    refuse(ArgumentError, 'init', `unknown precision ${wanted} (known: ${PRECISIONS.join(', ')})`, {
      argument: 'precision',
      got: wanted,
      expected: PRECISIONS,
    });
  }
  checkLimit(memoryLimitMiB, memoryMiB);
  const kernels = wasm === undefined ? wasm : await loadWasm(wasm);
  const changes = { deterministic, memoryMiB, threads, workerUrl, wasm: kernels };
  if (Object.values(changes).some((value) => value !== undefined)) configure(changes, parkedTotal.tensors);
  if (memoryLimitMiB !== undefined) setMemoryLimit(memoryLimitMiB);
  if (device === 'reference' || bestVariant() === null) await loadReference();
  const wasMeasured = rates !== null;
  if (wanted !== undefined) setPrecision(wanted);
  if (device === 'webgpu') await openGpu();
  if (device !== undefined) {
    const before = chosen;
    chosen = device;
    try {
      executorFor(defaultDevice());
    } catch (error) {
      chosen = before;
      throw error;
    }
  }
  if (executorFor(defaultDevice()).device === 'wasm') await startThreads(threads !== undefined);
  if (device === 'auto' || (wasMeasured && rates === null)) await openForAuto();
  return runtimeInfo();
}

/**
 * Uses this many of the threads that `init` has started, or all of them if there are fewer. Results are bit for bit the same with any number.
 *
 * @returns how many are in use
 * @throws ArgumentError if n is not a whole number of at least 1
 * @example
 * setNumThreads(1);
 */
export function setNumThreads(n: number): number {
  if (arguments.length > 1) noMore('setNumThreads', 1, arguments);
  checkThreads('setNumThreads', n);
  return setThreads(n);
}

/**
 * The device, kernels, threads and runtime in use.
 *
 * @example
 * runtimeInfo().device; // 'wasm'
 */
export function runtimeInfo(): RuntimeInfo {
  if (arguments.length > 0) noMore('runtimeInfo', 0, arguments);
  const executor = executorFor(defaultDevice());
  const gpu = openedGpu();
  const variant = executor instanceof WasmExecutor ? executor.variant : null;
  return {
    device: executor.device,
    simd: variant === null ? 'none' : variant === 'relaxed' ? 'relaxed' : 'simd128',
    ...(variant === null ? { threads: 1 } : threadsInfo()),
    webgpu: executors.has('webgpu') || hasWebGpu(),
    precision: gpu?.half === true ? 'float16' : 'float32',
    subgroups: gpu !== undefined && gpu.subgroup > 0,
    wasmBytes: executor instanceof WasmExecutor ? executor.wasmBytes : 0,
    runtime: runtimeName(),
  };
}

/**
 * What tensors hold now. It may grow in a loop until memory is full, and then stays; what was dropped counts until the garbage collector has
 * told, which takes an `await` of something other than a promise that is fulfilled already.
 *
 * @example
 * console.log(memory().bytesInUse);
 */
export function memory(): MemoryInfo {
  if (arguments.length > 0) noMore('memory', 0, arguments);
  let bytesInUse = 0;
  let bytesReserved = 0;
  for (const { allocator } of inUse()) {
    bytesInUse += allocator.bytesInUse;
    bytesReserved += allocator.bytesReserved;
  }
  const { bytes: bytesParked } = parkedTotal;
  return {
    tensors: liveTensors(),
    bytesInUse: bytesInUse + bytesParked,
    bytesReserved,
    bytesParked,
    programs: programsAlive(),
  };
}
