/**
 * The executors that every operation is tested on: the reference in float32, and the wasm kernels in each SIMD variant
 * that this engine has (Node 20 has relaxed SIMD behind a flag that vitest.config.ts sets).
 */
import type { Executor } from '../../bindings/executor.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { supports, type Variant } from '../../bindings/wasm/probe.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';

export const variants = (['plain', 'relaxed'] as const satisfies Variant[]).filter(supports);

export const wasmExecutors = variants.map((variant): [string, WasmExecutor] => [
  `wasm ${variant}`,
  new WasmExecutor({ variant }),
]);

export const executors: [string, Executor][] = [['reference', new ReferenceExecutor()], ...wasmExecutors];
