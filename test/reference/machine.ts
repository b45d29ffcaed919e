/**
 * A harness for reference kernels: puts arrays into an executor's heap, runs one encoder, reads arrays back. Values are
 * compared with expected ones exactly, or within a relative tolerance for the precision.
 */
import { expect } from 'vitest';
import type { ProgramBlock } from '../../bindings/commands/program.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';

export type Precision = 32 | 64;
export const precisions = [[32], [64]] as const;

export class Machine {
  readonly executor: ReferenceExecutor;

  constructor(readonly precision: Precision) {
    this.executor = new ReferenceExecutor({ precision });
  }

  floats(...values: number[]): number {
    const address = this.executor.allocator.allocate(values.length);
    this.executor.write(address, values, 'float32');
    return address;
  }

  ints(...values: number[]): number {
    const address = this.executor.allocator.allocate(values.length);
    this.executor.write(address, values, 'int32');
    return address;
  }

  /** Memory for a result, filled with a value that no test expects. */
  room(elements: number): number {
    return this.floats(...new Array<number>(elements).fill(-777));
  }

  run<Command>(encode: (program: ProgramBlock, command: Command) => void, command: Command): void {
    encode(this.executor.program, command);
    this.executor.run();
  }

  readFloats(address: number, length: number): number[] {
    return Array.from(this.executor.read(address, length, 'float32'));
  }

  readInts(address: number, length: number): number[] {
    return Array.from(this.executor.read(address, length, 'int32'));
  }

  /** Compares floats with values known in double precision: `slack` 1 is about two bits of this machine's elements. */
  expectClose(address: number, expected: readonly number[], slack = 1): void {
    const actual = this.readFloats(address, expected.length);
    const tolerance = slack * (this.precision === 32 ? 2 ** -22 : 2 ** -48);
    expected.forEach((value, e) => {
      if (!Number.isFinite(value) || value === 0) expect(actual[e], `element ${e}`).toBe(value);
      else expect(Math.abs(actual[e]! / value - 1), `element ${e}: ${actual[e]} for ${value}`).toBeLessThan(tolerance);
    });
  }
}

/** The six words of a field of kind `dims`. */
export function dims(...values: number[]): number[] {
  return Object.assign(new Array<number>(6).fill(0), values);
}
