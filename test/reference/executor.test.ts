import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../bindings/commands/fields.ts';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import { opcodes } from '../../bindings/commands/table.ts';
import { OutOfMemoryError } from '../../bindings/errors.ts';
import { encodeFill, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { kernels } from '../../src/reference/kernels.ts';
import { precisions } from './machine.ts';

it('the executor has one kernel per opcode', () => {
  expect(kernels.length).toBe(opcodes.length);
  expect(kernels.every((kernel) => typeof kernel === 'function')).toBe(true);
});

it('the executor reads fields where the encoder writes them', () => {
  const program = new ProgramBlock();
  encodeUnary(program, { fn: 11, x: 12, y: 13, n: 14, p0: 15, p1: 16 });
  const { fn, x, y, n, p0, p1 } = fieldsOf('unary');
  expect([fn, x, y, n, p0, p1].map((offset) => program.words[offset])).toEqual([11, 12, 13, 14, 15, 16]);
});

describe.each(precisions)('the executor in float%i', (precision) => {
  const executor = new ReferenceExecutor({ precision });
  const { allocator, program } = executor;

  it('runs commands in order and clears the program', () => {
    const at = allocator.allocate(3);
    encodeFill(program, { y: at, n: 3, value: floatBits(-2), integer: 0 });
    encodeUnary(program, { fn: UnaryFn.square, x: at, y: at, n: 2, p0: 0, p1: 0 });
    executor.run();
    expect(Array.from(executor.read(at, 3, 'float32'))).toEqual([4, 4, -2]);
    expect([program.commands, program.length]).toEqual([0, 0]);
    executor.run();
    expect(executor.get(at, 'float32')).toBe(4);
  });

  it('clears the program after an error, and has run the commands before it', () => {
    const at = allocator.allocate(1);
    encodeFill(program, { y: at, n: 1, value: 5, integer: 1 });
    const bad = program.reserve(2);
    program.words[bad] = 999;
    program.words[bad + 1] = 2;
    expect(() => executor.run()).toThrow(TypeError);
    expect([program.commands, program.length]).toEqual([0, 0]);
    expect(executor.get(at, 'int32')).toBe(5);
  });

  it('writes and reads the three types', () => {
    const at = allocator.allocate(4);
    executor.write(at, [1.5, -0.25, 1e10], 'float32');
    const floats = executor.read(at, 3, 'float32');
    expect(floats).toBeInstanceOf(precision === 64 ? Float64Array : Float32Array);
    expect(Array.from(floats)).toEqual([1.5, -0.25, 1e10]);
    executor.write(at, [1.9, -1.9, 2 ** 31], 'int32');
    expect(executor.read(at, 3, 'int32')).toEqual(new Int32Array([1, -1, -(2 ** 31)]));
    expect(executor.get(at + 1, 'int32')).toBe(-1);
    executor.write(at, new Uint8Array([1, 0, 1]), 'bool');
    expect(executor.read(at, 3, 'bool')).toEqual(new Uint8Array([1, 0, 1]));
    expect(executor.read(at, 0, 'int32').length).toBe(0);
  });

  it('returns copies from reads', () => {
    const at = allocator.allocate(1);
    executor.write(at, [3], 'float32');
    const copy = executor.read(at, 1, 'float32');
    copy[0] = 9;
    expect(executor.get(at, 'float32')).toBe(3);
  });

  it('keeps its contents when it grows', () => {
    const at = allocator.allocate(1000);
    const values = Array.from({ length: 1000 }, (_, e) => e - 500);
    executor.write(at, values, 'float32');
    const reserved = allocator.bytesReserved;
    const large = allocator.allocate(reserved / 4 + 1);
    expect(allocator.bytesReserved).toBeGreaterThan(reserved);
    expect(Array.from(executor.read(at, 1000, 'float32'))).toEqual(values);
    encodeFill(program, { y: large, n: reserved / 4 + 1, value: floatBits(2), integer: 0 });
    executor.run();
    expect(executor.get(large + reserved / 4, 'float32')).toBe(2);
    expect(Array.from(executor.read(at, 1000, 'float32'))).toEqual(values);
  });

  it('throws when memory runs out', () => {
    expect(() => allocator.allocate(2 ** 31)).toThrow(OutOfMemoryError);
  });
});

it('float32 rounds stored values, float64 does not', () => {
  const [single, double] = [new ReferenceExecutor(), new ReferenceExecutor({ precision: 64 })];
  for (const executor of [single, double]) executor.write(16, [0.1], 'float32');
  expect(single.get(16, 'float32')).toBe(Math.fround(0.1));
  expect(double.get(16, 'float32')).toBe(0.1);
});

it('memory growth keeps the payload of a NaN', () => {
  const executor = new ReferenceExecutor();
  const at = executor.allocator.allocate(1);
  executor.write(at, [0x7fc12345], 'int32');
  executor.allocator.allocate(100_000);
  expect(executor.get(at, 'int32')).toBe(0x7fc12345);
});
