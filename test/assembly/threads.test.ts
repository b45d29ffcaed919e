/**
 * Kernels in parts: the parts of all threads run one after another, in one instance, and must give the bits of a single
 * thread. (Parts that do not wait for each other may run in any order.)
 */
import { describe, expect, test } from 'vitest';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { variants } from '../support/executors.ts';
import { inSandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';

const THREADS = 5;

interface Internals {
  kernels: {
    runParts(program: number, commands: number, threads: number): void;
    scratchElements(threads: number): number;
  };
  programAddress: number;
}

/** An executor whose `run` runs a program in as many parts as `parts` says, the last part first. */
class PartsExecutor extends WasmExecutor {
  parts = 1;

  override run(): void {
    const { kernels, programAddress } = this as unknown as Internals;
    this.program.scratch ||= this.allocator.allocate(kernels.scratchElements(THREADS));
    kernels.runParts(programAddress * 4, this.program.commands, this.parts);
    this.program.clear();
  }
}

describe.each(variants)('parts give the bits of the whole on wasm %s', (variant) => {
  const executor = new PartsExecutor({ variant });
  executor.program.scratch = 0;
  executor.run();

  test.each(Object.entries(cases))('%s', (_, build) => {
    const results = [1, 2, 3, THREADS].map((threads) =>
      inSandbox(executor, (box) => {
        executor.parts = threads;
        const outputs = build(box, executor.program);
        box.run(`${threads} threads`);
        return outputs.map((address) => box.ints(address));
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
