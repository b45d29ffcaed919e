import { describe, expect, it } from 'vitest';
import { STRIP_BLOCK } from '../../bindings/commands/limits.ts';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import { BinaryFn, encodeBinary, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { parse, stripOf } from '../../src/program/commands.ts';
import { executors } from '../support/executors.ts';

const CANARY = 12345.5;
const lengths = [1, 5, STRIP_BLOCK - 1, STRIP_BLOCK, STRIP_BLOCK + 1, 20001];

describe.each(executors)('strip on %s', (_, executor) => {
  /** The commands of "u = tanh(a·x + 0.5); y = u·b; x = x − u", with u at the address given. */
  function commands(n: number, { a, x, b, y, u }: Record<'a' | 'x' | 'b' | 'y' | 'u', number>) {
    const block = new ProgramBlock(new Int32Array(512));
    const flat = { ndim: 1, shape: [n], aStrides: [1], bStrides: [1] };
    encodeBinary(block, { fn: BinaryFn.mul, a, b: x, y: u, scalar: 0, ...flat });
    encodeBinary(block, { fn: BinaryFn.add, a: u, b: 0, y: u, scalar: floatBits(0.5), ...flat });
    encodeUnary(block, { fn: UnaryFn.tanh, x: u, y: u, n, p0: 0, p1: 0 });
    encodeBinary(block, { fn: BinaryFn.mul, a: u, b, y, scalar: 0, ...flat });
    encodeBinary(block, { fn: BinaryFn.sub, a: x, b: u, y: x, scalar: 0, ...flat });
    return parse(block.words, block.length);
  }

  function run(n: number, asStrip: boolean): { y: number[]; x: number[] } {
    const { allocator } = executor;
    const room = n + 4;
    const blocks = Array.from({ length: 5 }, () => allocator.allocate(room));
    for (const [i, block] of blocks.entries()) {
      executor.write(
        block,
        Float32Array.from({ length: room }, (_, e) => (e < 2 || e >= n + 2 ? CANARY : Math.sin(e * (i + 1)))),
        'float32',
      );
    }
    const [a, x, b, y, u] = blocks.map((block) => block + 2) as [number, number, number, number, number];
    if (asStrip) {
      const strip = stripOf(commands(n, { a, x, b, y, u: 1 }), n, executor.program.scratch);
      const loaded = executor.load(strip.words, 1);
      loaded.run();
      loaded.dispose();
    } else {
      const parts = commands(n, { a, x, b, y, u });
      const loaded = executor.load(Int32Array.from(parts.flatMap(({ words }) => [...words])), parts.length);
      loaded.run();
      loaded.dispose();
    }
    const read = (at: number) => Array.from(executor.read(at, room, 'float32'));
    const result = { y: read(y - 2), x: read(x - 2) };
    for (const block of blocks) allocator.release(block, room);
    return result;
  }

  it.each(lengths)('gives the same bits as its commands one by one, %i elements', (n) => {
    const strip = run(n, true);
    expect(strip).toEqual(run(n, false));
    for (const values of [strip.x, strip.y]) {
      expect([values[0], values[1], values[n + 2], values[n + 3]]).toEqual([CANARY, CANARY, CANARY, CANARY]);
    }
  });
});
