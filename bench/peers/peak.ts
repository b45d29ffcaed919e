/**
 * The register-only multiply-add loop of saraf's kernels: the most that this engine's SIMD can do on one core. It runs in
 * many short calls, because V8 runs the first calls of a function in slow baseline code and replaces it only between calls.
 */
import { join } from 'node:path';
import { benchFolder, load } from './load.ts';

const ROUNDS = 20_000;
const FLOPS_A_ROUND = 96;

interface PeakExecutor {
  peak(rounds: number): number;
}
interface ExecutorModule {
  WasmExecutor: new (options: { variant: string }) => PeakExecutor;
}
interface VariantModule {
  supports(variant: string): boolean;
}

/** One call of the loop, the operations that it does, and which SIMD it uses. */
export async function peakLoop(): Promise<{ variant: string; flops: number; run: () => unknown }> {
  const folder = join(benchFolder, '../bindings/wasm');
  const { WasmExecutor } = await load<ExecutorModule>(join(folder, 'executor.ts'));
  const { supports } = await load<VariantModule>(join(folder, 'probe.ts'));
  const variant = supports('relaxed') ? 'relaxed' : 'plain';
  const executor = new WasmExecutor({ variant });
  return { variant, flops: ROUNDS * FLOPS_A_ROUND, run: () => executor.peak(ROUNDS) };
}
