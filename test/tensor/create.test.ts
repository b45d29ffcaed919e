/** Creating tensors, and reading them. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  eye,
  full,
  linspace,
  manualSeed,
  ones,
  onesLike,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from '../../src/index.ts';

const SEED = 7;

/** Mean and standard deviation. */
function moments(t: Tensor): { mean: number; std: number; low: number; high: number } {
  const values = t.dataSync();
  let sum = 0;
  let squares = 0;
  let low = Infinity;
  let high = -Infinity;
  for (const x of values) {
    sum += x;
    squares += x * x;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const mean = sum / values.length;
  return { mean, std: Math.sqrt(squares / values.length - mean * mean), low, high };
}

describe('tensor', () => {
  it('accepts nested arrays, numbers, booleans and typed arrays', () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(2.5).toArray()).toBe(2.5);
    expect(tensor(2.5).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([[true, false]]).toArray()).toEqual([[true, false]]);
    expect(tensor(new Float32Array([1, 2, 3, 4]), { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('chooses the element type by the data, unless one is given', () => {
    const types = [
      [[1, 2], 'float32'],
      [[true], 'bool'],
      [new Float32Array(1), 'float32'],
      [new Float64Array(1), 'float32'],
      [new Int32Array(1), 'int32'],
      [new Uint8Array(1), 'int32'],
      [new Uint8ClampedArray(1), 'int32'],
      [new Int16Array(1), 'int32'],
    ] as const;
    for (const [data, dtype] of types) expect(tensor(data as unknown as number[]).dtype).toBe(dtype);
    expect(tensor([0, 2, -1], { dtype: 'bool' }).toArray()).toEqual([false, true, true]);
    expect(tensor([true, false], { dtype: 'float32' }).toArray()).toEqual([1, 0]);
    expect(tensor([1, 2], { dtype: 'int32' }).dtype).toBe('int32');
    expect(tensor(new Float64Array([0.1])).item()).toBe(Math.fround(0.1));
  });

  it('copies the array: later changes of it have no effect', () => {
    const data = new Float32Array([1, 2]);
    const t = tensor(data);
    data[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
    const out = t.dataSync();
    out[1] = 9;
    expect(t.toArray()).toEqual([1, 2]);
  });

  it('has properties that describe it, and a short text form', () => {
    const t = tensor([[1, 2, 3]], { requiresGrad: true });
    expect([t.ndim, t.numel, t.dtype, t.device, t.requiresGrad, t.contiguous]).toEqual([
      2,
      3,
      'float32',
      'wasm',
      true,
      true,
    ]);
    expect(String(t)).toBe('Tensor([1,3], float32, [[1,2,3]])');
    expect(String(zeros(20, 20))).toBe('Tensor([20,20], float32, 400 elements)');
  });
});

describe('reading', () => {
  it('by data and dataSync gives typed arrays, also for views', async () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(await t.T.data()).toEqual(new Float32Array([1, 3, 2, 4]));
    expect(tensor([1, 2], { dtype: 'int32' }).dataSync()).toEqual(new Int32Array([1, 2]));
    expect(tensor([true, false]).dataSync()).toEqual(new Uint8Array([1, 0]));
    expect(t.slice(1, 1).dataSync()).toEqual(new Float32Array([2, 4]));
  });

  it('by item gives the only element, wherever it is in memory', () => {
    expect(tensor([[[4]]]).item()).toBe(4);
    expect(tensor([1, 2, 3]).select(0, 2).item()).toBe(3);
    expect(tensor([true]).item()).toBe(1);
    expect(tensor([-7], { dtype: 'int32' }).item()).toBe(-7);
  });

  it('preserves all values of floats', () => {
    const values = [0, -0, 1e-45, -1e-45, 1e-39, 3.4028234663852886e38, Infinity, -Infinity, Number.NaN];
    expect(tensor(values).toArray()).toEqual(values.map(Math.fround));
    expect(Object.is(tensor([-0]).item(), -0)).toBe(true);
  });
});

describe('tensors by formula', () => {
  it('can be made by zeros, ones and full, in both call forms', () => {
    expect(zeros(2, 3).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(zeros([2]).toArray()).toEqual([0, 0]);
    expect(zeros().shape).toEqual([]);
    expect(zeros([]).item()).toBe(0);
    expect(ones(2, { dtype: 'int32' }).toArray()).toEqual([1, 1]);
    expect(ones([1, 2], { dtype: 'bool' }).toArray()).toEqual([[true, true]]);
    expect(full([2], 1.5, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(full([2], -3, { dtype: 'int32' }).toArray()).toEqual([-3, -3]);
    expect(full([2], 5, { dtype: 'bool' }).dataSync()).toEqual(new Uint8Array([1, 1]));
    expect(zeros(0, 3).toArray()).toEqual([]);
    expect(zeros(2, 0).toArray()).toEqual([[], []]);
  });

  it('can be made from lists of typed arrays', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(tensor(rows).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([rows, rows] as never).shape).toEqual([2, 2, 2]);
    expect(() => tensor([...rows, Float32Array.of(5)])).toThrow(
      'dimension 1 has 2 elements in one place and 1 in another',
    );
  });

  it('of int32 refuse values that int32 cannot hold', () => {
    const ends = [2147483647, -2147483648, 1.5, -1.5];
    expect(tensor(ends, { dtype: 'int32' }).toArray()).toEqual([2147483647, -2147483648, 1, -1]);
    for (const value of [2147483648, -2147483649, Number.NaN, Infinity, 3e9]) {
      expect(() => tensor([0, value], { dtype: 'int32' })).toThrow(ArgumentError);
      expect(() => tensor([0, value], { dtype: 'int32' })).toThrow(`tensor: ${value} does not fit into int32`);
    }
    expect(() => tensor(Uint32Array.of(2 ** 31))).toThrow('2147483648 does not fit into int32');
  });

  it('are right in reused memory', () => {
    for (let i = 0; i < 3; i++) {
      const t = full([37], 9);
      t.dispose();
      expect([...zeros(37).dataSync()]).toEqual(new Array(37).fill(0));
    }
  });

  it('by zerosLike and onesLike take over shape and type', () => {
    const x = tensor([[1, 2]], { dtype: 'int32' });
    expect([zerosLike(x).dtype, zerosLike(x).shape]).toEqual(['int32', [1, 2]]);
    expect(onesLike(x, { dtype: 'float32' }).dtype).toBe('float32');
    expect(onesLike(x.T).toArray()).toEqual([[1], [1]]);
    expect(zerosLike(ones(2), { device: 'reference' }).device).toBe('reference');
  });

  it('by eye have ones on the diagonal', () => {
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(3, 1, { dtype: 'int32' }).toArray()).toEqual([[1], [0], [0]]);
    expect(eye(1, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(eye(0).shape).toEqual([0, 0]);
  });

  it('by arange and linspace hold ranges', () => {
    expect(arange(4).toArray()).toEqual([0, 1, 2, 3]);
    expect(arange(1, 3, { dtype: 'int32' }).toArray()).toEqual([1, 2]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(0, 1, 0.25).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(arange(3, 3).shape).toEqual([0]);
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(3, 5, 1).toArray()).toEqual([3]);
    expect(linspace(1, -1, 3).toArray()).toEqual([1, 0, -1]);
    expect(linspace(0, 1, 0).shape).toEqual([0]);
    expect(linspace(0, 0.7, 8).select(0, 7).item()).toBe(Math.fround(0.7));
  });
});

describe('random tensors', () => {
  it('are repeatable with the seed', () => {
    const draw = () => [rand(5), randn(5), randint(0, 100, [5]), randperm(9)].map((t) => t.toArray());
    manualSeed(SEED);
    const first = draw();
    const second = draw();
    manualSeed(SEED);
    expect(draw(), `seed ${SEED}`).toEqual(first);
    expect(second, `seed ${SEED}`).not.toEqual(first);
    manualSeed(SEED + 1);
    expect(draw(), `seed ${SEED + 1}`).not.toEqual(first);
  });

  it('have their distributions', () => {
    manualSeed(SEED);
    const n = 40000;
    const uniform = moments(rand(n));
    expect(Math.abs(uniform.mean - 0.5), `seed ${SEED}`).toBeLessThan(0.01);
    expect(Math.abs(uniform.std - Math.sqrt(1 / 12)), `seed ${SEED}`).toBeLessThan(0.005);
    expect(uniform.low).toBeGreaterThanOrEqual(0);
    expect(uniform.high).toBeLessThan(1);
    const normal = moments(randn([200, 200]));
    expect(Math.abs(normal.mean), `seed ${SEED}`).toBeLessThan(0.025);
    expect(Math.abs(normal.std - 1), `seed ${SEED}`).toBeLessThan(0.02);
    expect(normal.high, `seed ${SEED}`).toBeGreaterThan(3);
    const whole = randint(-2, 3, [n]);
    const counts = new Map<number, number>();
    for (const x of whole.dataSync()) counts.set(x, (counts.get(x) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    for (const count of counts.values()) expect(Math.abs(count - n / 5), `seed ${SEED}`).toBeLessThan(400);
  });

  it('by randperm have each number once, in every order', () => {
    manualSeed(SEED);
    expect([...randperm(100).dataSync()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const seen = new Set(Array.from({ length: 200 }, () => randperm(3).dataSync().join('')));
    expect([...seen].sort(), `seed ${SEED}`).toEqual(['012', '021', '102', '120', '201', '210']);
    expect(randperm(0).shape).toEqual([0]);
    expect(randperm(3).dtype).toBe('int32');
  });

  it('do not depend on the device', () => {
    manualSeed(SEED);
    const here = randn(9).dataSync();
    manualSeed(SEED);
    const there = randn(9, { device: 'reference' }).dataSync();
    for (const [i, x] of here.entries()) expect(x, `seed ${SEED}`).toBeCloseTo(there[i]!, 5);
  });
});
