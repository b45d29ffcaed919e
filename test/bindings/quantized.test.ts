/** qgemm on typed arrays: layouts, zero points, scales, refusals. */
import { describe, expect, it } from 'vitest';
import { alloc, free, type QgemmOptions, qgemm } from '../../bindings/kernels/index.ts';
import { wasmExecutor } from '../../bindings/wasm/instance.ts';
import { seeded } from '../support/commands.ts';

const random = seeded(11);
const bytes = (n: number) => Int8Array.from({ length: n }, () => Math.floor(random() * 256) - 128);

/** The definition, in JavaScript numbers. */
function exact(options: QgemmOptions): number[] {
  const { m, n, k, a, b, transA, transB, aZero = 0, bZero = 0, aScale = 1, bScale = 1, bias, c } = options;
  const of = (x: number | ArrayLike<number>, j: number) => (typeof x === 'number' ? x : x[j]!);
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let p = 0; p < k; p++)
      sum += (a[transA ? p * m + i : i * k + p]! - aZero) * (b[transB ? j * k + p : p * n + j]! - of(bZero, j));
    if (c instanceof Int32Array) return sum + (bias?.[j] ?? 0);
    return Math.fround(Math.fround(sum * Math.fround(aScale * of(bScale, j))) + (bias?.[j] ?? 0));
  });
}

describe('qgemm on arrays', () => {
  it.each([false, true])('gives integers for every layout and size, transA %s', (transA) => {
    for (const transB of [false, true])
      for (const m of [1, 2, 5])
        for (const n of [1, 4, 7])
          for (const k of [0, 1, 7, 8, 9, 31]) {
            const c = new Int32Array(m * n + 2).fill(-7);
            const bias = Int32Array.from({ length: n }, (_, j) => 100 * j - 3);
            const options = { ...{ m, n, k, c, transA, transB, bias }, a: bytes(m * k), b: bytes(k * n) };
            const zeros = { aZero: -5, bZero: bytes(n) };
            qgemm({ ...options, ...zeros });
            expect(Array.from(c.subarray(0, m * n)), `${m} ${n} ${k}`).toEqual(exact({ ...options, ...zeros }));
            expect(Array.from(c.subarray(m * n))).toEqual([-7, -7]);
          }
  });

  it('gives floats, with one scale for all columns or one for each', () => {
    const [m, n, k] = [3, 6, 20];
    for (const bScale of [0.25, Float32Array.from({ length: n }, (_, j) => 0.01 * (j + 1))]) {
      const c = new Float32Array(m * n);
      const bias = Float32Array.from({ length: n }, (_, j) => j / 7);
      const options = { ...{ m, n, k, c, bias, bScale }, a: bytes(m * k), b: bytes(k * n), aScale: 0.5, bZero: 9 };
      qgemm(options);
      expect(Array.from(c)).toEqual(exact(options));
    }
  });

  it('has as defaults no zero points, no bias, scale 1', () => {
    const [a, b] = [Int8Array.of(1, -2, 3, 4), Int8Array.of(5, 6, 7, -8)];
    const [ints, floats] = [new Int32Array(4), new Float32Array(4)];
    qgemm({ m: 2, n: 2, k: 2, a, b, c: ints });
    qgemm({ m: 2, n: 2, k: 2, a, b, c: floats });
    expect(Array.from(ints)).toEqual([-9, 22, 43, -14]);
    expect(Array.from(floats)).toEqual([-9, 22, 43, -14]);
  });

  it('takes arrays in wasm memory, parts of arrays and inputs that overlap the output, and leaks nothing', () => {
    const { bytesInUse } = wasmExecutor().allocator;
    const [m, n, k] = [4, 8, 16];
    const block = alloc(64);
    const whole = new Int8Array(block.buffer, block.byteOffset, 256);
    whole.set(bytes(256));
    const [a, b] = [whole.subarray(3, 3 + m * k), whole.subarray(100, 100 + n * k)];
    const c = new Int32Array(block.buffer, block.byteOffset, m * n);
    const options = { m, n, k, a: a.slice(), b: b.slice(), c };
    qgemm({ m, n, k, a, b, c });
    expect(Array.from(c)).toEqual(exact(options));
    const floats = alloc(m * n);
    qgemm({ ...options, c: floats, aScale: 0.5 });
    expect(Array.from(floats)).toEqual(exact({ ...options, c: floats, aScale: 0.5 }));
    // Whole arrays in place; the kernel must not read beyond them.
    const [left, right] = [alloc((m * k) / 4), alloc((n * k) / 4)].map((x) => {
      const view = new Int8Array(x.buffer, x.byteOffset, x.length * 4);
      view.set(bytes(view.length));
      return [x, view] as const;
    }) as [readonly [Float32Array, Int8Array], readonly [Float32Array, Int8Array]];
    for (const transB of [false, true]) {
      const placed = { ...{ m, n, k, transB, a: left[1], b: right[1], c: floats }, aZero: 3, bZero: -2 };
      qgemm(placed);
      expect(Array.from(floats)).toEqual(exact(placed));
    }
    // The output in the memory of an operand.
    const over = new Float32Array(right[0].buffer, right[0].byteOffset, m * n);
    const before = { ...{ m, n, k, transB: true, a: left[1], b: right[1].slice() } };
    qgemm({ ...before, b: right[1], c: over });
    expect(Array.from(over)).toEqual(exact({ ...before, c: over }));
    for (const array of [block, floats, left[0], right[0]]) free(array);
    expect(wasmExecutor().allocator.bytesInUse).toBe(bytesInUse);
  });

  it('refuses invalid arguments, and writes nothing', () => {
    const c = new Int32Array(4).fill(3);
    const floats = new Float32Array(4);
    const good: QgemmOptions = { m: 2, n: 2, k: 3, a: bytes(6), b: bytes(6), c };
    const wrong = (change: object) => () => qgemm({ ...good, ...change });
    expect(wrong({ a: bytes(5) })).toThrow('qgemm: a has 5 elements, 6 are needed');
    expect(wrong({ b: bytes(5) })).toThrow('qgemm: b has 5 elements, 6 are needed');
    expect(wrong({ c: new Int32Array(3) })).toThrow('qgemm: c has 3 elements, 4 are needed');
    expect(wrong({ a: new Float32Array(6) })).toThrow('qgemm: a must be an Int8Array, got Float32Array');
    expect(wrong({ b: new Uint8Array(6) })).toThrow('qgemm: b must be an Int8Array, got Uint8Array');
    expect(wrong({ c: [0, 0, 0, 0] })).toThrow('qgemm: c must be an Int32Array or a Float32Array, got an array');
    expect(wrong({ m: -1 })).toThrow('qgemm: m must be a whole number');
    expect(wrong({ k: 1.5 })).toThrow('qgemm: k must be a whole number');
    expect(wrong({ aZero: 128 })).toThrow('qgemm: aZero must be a whole number from -128 to 127, got 128');
    expect(wrong({ bZero: [0, 0.5] })).toThrow('qgemm: bZero must be whole numbers from -128 to 127, got 0.5');
    expect(wrong({ bZero: [0, 0, 0] })).toThrow('qgemm: bZero has 3 elements, 2 are needed');
    expect(wrong({ aScale: 0.5 })).toThrow('qgemm: c must be a Float32Array where scales are given, got Int32Array');
    expect(wrong({ c: floats, bScale: [1] })).toThrow('qgemm: bScale has 1 elements, 2 are needed');
    expect(wrong({ c: floats, aScale: '1' })).toThrow('qgemm: aScale must be a number, got string');
    expect(wrong({ bias: new Float32Array(2) })).toThrow('qgemm: bias must be an Int32Array as c is, got Float32Array');
    expect(wrong({ c: floats, bias: new Int32Array(2) })).toThrow('qgemm: bias must be a Float32Array, got Int32Array');
    expect(wrong({ bias: new Int32Array(1) })).toThrow('qgemm: bias has 1 elements, 2 are needed');
    expect(wrong({ transb: true })).toThrow('qgemm: unknown option transb (known: m, n, k');
    expect(Array.from(c)).toEqual([3, 3, 3, 3]);
  });
});
