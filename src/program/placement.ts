/** `device: 'auto'`: where a program runs, chosen when it is recorded, by estimates of its time on the CPU and on the GPU. */
import { OutOfMemoryError } from '../../bindings/errors.ts';
import type { Device, Executor } from '../../bindings/executor.ts';
import { candidates } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Rates } from '../webgpu/rates.ts';
import { sumOfCosts } from './cost.ts';
import { onCpu, onGpu } from './estimate.ts';
import { Recorder } from './recorder.ts';
import type { Replay } from './replay.ts';

/** Where a program runs and why. */
export interface Placement {
  /** Where the program runs. */
  readonly device: Device;
  /** Estimated microseconds of a call, until its results can be read, by device; empty where there was nothing to choose. */
  readonly estimate: Readonly<Partial<Record<Device, number>>>;
  /** Why, as a part of a sentence: 'it was compiled for wasm'. */
  readonly reason: string;
}

const FASTER = 'estimated to be faster there';
const BYTES = 4;
const bytesOf = (sizes: readonly { numel: number }[]): number =>
  sizes.reduce((sum, { numel }) => sum + numel * BYTES, 0);

/** Microseconds of a program that was recorded on the CPU: there, and on the GPU including the transfer of its inputs and results. */
function estimate(replay: Replay, inputs: readonly Tensor[], rates: Rates): { cpu: number; gpu: number } {
  const cost = sumOfCosts(replay.commands);
  const results = replay.outputs.map(({ buffer }) => ({ numel: buffer.length }));
  const bytes = { up: bytesOf(inputs), down: bytesOf(results) };
  return { cpu: onCpu(cost, rates), gpu: onGpu(cost, rates, bytes) };
}

/**
 * Records a function on the device where it is estimated to be faster.
 *
 * @param record records it with the recorder that it is given
 */
export function recordPlaced<T extends { replay: Replay }>(
  inputs: readonly Tensor[],
  record: (recorder: Recorder) => T,
): T & { placement: Placement } {
  const { cpu, gpu, rates } = candidates();
  const placed = (executor: Executor, traced: T, reason: string, estimate: Placement['estimate'] = {}) => ({
    ...traced,
    placement: { device: executor.device, estimate, reason },
  });
  /** Tensors on the CPU are used on a GPU. Not the other way round: their values would arrive too late. */
  const recordOn = (executor: Executor) => record(new Recorder(executor, executor.download === undefined ? null : cpu));

  const away = inputs.find((input) => input.executor !== cpu)?.executor;
  if (away !== undefined) return placed(away, recordOn(away), `an input lives on ${away.device}`);
  const first = new Recorder(cpu);
  let traced: T;
  try {
    traced = record(first);
  } catch (error) {
    if (gpu === null || !first.metForeign) throw error;
    return placed(gpu, recordOn(gpu), `what it uses lives on ${gpu.device}`);
  }
  const { replay } = traced;
  if (gpu === null) return placed(cpu, traced, "no GPU is open; init({ device: 'auto' }) opens one where it finds one");
  if (rates === null) return placed(cpu, traced, "the GPU was not measured; init({ device: 'auto' }) does that");
  if (replay.changedInputs.length > 0) return placed(cpu, traced, 'it changes its arguments in place');
  const times = estimate(replay, inputs, rates);
  const estimates = { [cpu.device]: times.cpu, [gpu.device]: times.gpu };
  if (times.cpu <= times.gpu) return placed(cpu, traced, FASTER, estimates);
  replay.discard();
  try {
    return placed(gpu, recordOn(gpu), FASTER, estimates);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    return placed(cpu, recordOn(cpu), `it does not fit the memory of ${gpu.device}`, estimates);
  }
}
