/**
 * All functions of saraf/kernels: surplus arguments, unknown options, values of the wrong type or size, arrays without
 * memory and arrays of another realm. A call that a kernel cannot carry out as given is refused by an error that names
 * the argument, and nothing is written.
 */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';
import { seeded } from '../support/commands.ts';
import type { Options, Random } from '../support/kernelCase.ts';
import { type KernelName, kernelCases } from '../support/kernelCases.ts';

const names = Object.keys(kernelCases) as KernelName[];
const byName = kernels as unknown as Record<string, (...args: unknown[]) => unknown>;
const { alloc, free, init } = kernels;
const uniform = seeded(5);
const random: Random = (low, high) => low + Math.floor(uniform() * (high - low + 1));

type Typed = Float32Array | Int32Array | Int8Array;
const isTyped = (value: unknown): value is Typed => ArrayBuffer.isView(value);
const copyOf = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [key, isTyped(value) ? value.slice() : value]));

/** Checks that a call is refused by an error that names the kernel and the argument, and that all arrays are unchanged. */
function expectRefused(name: string, args: unknown[], argument?: string): void {
  const options = args[0];
  const arrays = Object.entries(typeof options === 'object' && options !== null ? options : {}).filter(
    ([, value]) => isTyped(value) && value.length > 0,
  ) as [string, Typed][];
  const before = arrays.map(([, array]) => Array.from(array));
  let error: unknown;
  try {
    byName[name]!(...args);
  } catch (caught) {
    error = caught;
  }
  const told = `${name}, ${argument ?? 'arguments'}: ${String(error)}`;
  expect(error instanceof kernels.SarafError, told).toBe(true);
  const { op, message, argument: named } = error as kernels.SarafError;
  expect(op, told).toBe(name);
  expect(message.startsWith(`${name}: `), told).toBe(true);
  if (argument !== undefined) expect(named, told).toBe(argument);
  arrays.forEach(([key, array], i) => {
    expect(Array.from(array), `${told}: ${key}`).toEqual(before[i]);
  });
}

const sizes = 'm n k rows cols batch channels spatial inChannels outChannels height width groups'.split(' ');
const cellSizes = 'inputSize hiddenSize steps'.split(' ');
const leading = 'lda ldb ldc'.split(' ');
const pairs = 'kernelSize stride padding dilation'.split(' ');
const flags = 'transA transB ceilMode countIncludePad'.split(' ');
const numbers = 'alpha beta eps aScale'.split(' ');
const whole = [...sizes, ...cellSizes, ...leading];
const never = [null, 'x', '1', {}, [], () => 1, Symbol('x'), 1n];
const notWhole = [...never, true, 0.5, -1, Number.NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53];

/** The values that an option must refuse. */
function wrongValues(option: string, value: unknown): unknown[] {
  if (isTyped(value)) {
    const others = [new Float64Array(value.length), Array.from(value), new DataView(value.buffer)];
    return [...never, true, 1, ...(option === 'indices' ? [new Float32Array(value.length)] : []), ...others];
  }
  if (whole.includes(option)) return notWhole;
  if (pairs.includes(option))
    return [...notWhole, ...notWhole.map((side) => [1, side]), [1], [1, 1, 1], new Int32Array(2)];
  if (flags.includes(option)) return [...never, 0, 1, 'true', 'false'];
  if (numbers.includes(option)) return [...never, true];
  if (option === 'activation') return [...never, 'constructor', 'ReLU', true, 0];
  if (option === 'aZero') return [...never, true, 0.5, 128, -129, Number.NaN];
  const list = value as number[];
  const ofWrong = [null, '1', undefined].map((item) => list.map((x, i) => (i === 0 ? item : x)));
  return [...never.filter((v) => !Array.isArray(v)), true, '12345', [...list, 1], ...ofWrong];
}

describe(`all ${names.length + 3} functions`, () => {
  it('are in the table of cases', () => {
    const functions = Object.keys(kernels).filter((name) => !/Error$/.test(name));
    expect(functions.sort()).toEqual([...names, 'alloc', 'free', 'init'].sort());
    expect(functions.length).toBe(27);
  });

  it('refuse surplus arguments', async () => {
    for (const name of names) {
      const options = kernelCases[name].make(random);
      for (const surplus of [undefined, {}, 1, new Float32Array(1)]) expectRefused(name, [options, surplus]);
      expectRefused(name, [options, 0, [1, 2]]);
    }
    const array = alloc(2);
    expectRefused('alloc', [2, {}]);
    expectRefused('free', [array, true]);
    await expect((init as (...args: unknown[]) => Promise<unknown>)({}, {})).rejects.toThrow(
      'init: takes 1 argument, got 2',
    );
    free(array);
    const several = [1, 2].map(alloc);
    several.forEach(free);
  });

  it('refuse unknown options, and values that are not an object of options', async () => {
    let tried = 0;
    for (const name of names) {
      const options = kernelCases[name].make(random);
      for (const option of Object.keys(options)) {
        for (const misspelt of [`${option}s`, option.toUpperCase() === option ? `_${option}` : option.toUpperCase()]) {
          const { [option]: value, ...rest } = options;
          if (misspelt in options) continue;
          expectRefused(name, [{ ...options, [misspelt]: value }], misspelt);
          expectRefused(name, [{ ...rest, [misspelt]: value }]);
          tried++;
        }
      }
      for (const other of names) {
        for (const option of Object.keys(kernelCases[other].make(random)))
          if (!(option in options) && !(name === 'depthwiseConv2d' && option === 'groups'))
            expectRefused(name, [{ ...options, [option]: 1 }], option);
      }
      for (const none of [undefined, null, 3, 'x', [], [options], () => options, new Float32Array(2)])
        expectRefused(name, [none]);
    }
    expect(tried).toBeGreaterThan(200);
    await expect(init({ memoryMib: 5 } as never)).rejects.toThrow('init: unknown option memoryMib');
    for (const none of [null, 5, 'threads', []])
      await expect(init(none as never)).rejects.toThrow('init: expected one object');
  });

  it('refuse values of the wrong type or size', () => {
    let tried = 0;
    for (const name of names) {
      const options = kernelCases[name].make((low, high) => Math.max(low, random(low, high)));
      for (const [option, value] of Object.entries(options)) {
        for (const wrong of wrongValues(option, value)) {
          expectRefused(name, [{ ...copyOf(options), [option]: wrong }], option);
          tried++;
        }
        // The one array of a sum may have any length.
        if (isTyped(value) && name !== 'sum')
          expectRefused(name, [{ ...copyOf(options), [option]: value.slice(0, 0) }]);
      }
    }
    expect(tried).toBeGreaterThan(2000);
    for (const wrong of [...never, 0.5, -1, Number.NaN, Infinity, true]) expectRefused('alloc', [wrong], 'n');
    for (const wrong of [...never, 1, new Float32Array(1)]) expectRefused('free', [wrong], 'array');
  });
});

describe('arrays that have lost their memory are refused', () => {
  const gone: Record<string, (array: Typed) => Typed> = {
    transferred: (array) => {
      const copy = array.slice();
      structuredClone(copy.buffer, { transfer: [copy.buffer] });
      return copy;
    },
    'of a buffer that has become shorter': (array) => {
      const Resizable = ArrayBuffer as unknown as new (n: number, o: { maxByteLength: number }) => ArrayBuffer;
      const buffer = new Resizable(array.byteLength, { maxByteLength: array.byteLength });
      const copy = new (array.constructor as Float32ArrayConstructor)(buffer, 0, array.length);
      (buffer as unknown as { resize(n: number): void }).resize(0);
      return copy;
    },
    freed: (array) => {
      const block = alloc(array.length);
      free(block);
      return array instanceof Float32Array
        ? block
        : new (array.constructor as Int8ArrayConstructor)(block.buffer, block.byteOffset, array.length);
    },
    'parts of freed arrays': (array) => {
      const block = alloc(array.length + 4);
      const part = new (array.constructor as Float32ArrayConstructor)(block.buffer, block.byteOffset + 4, array.length);
      free(block);
      return part as Typed;
    },
    'beyond the end of their memory': (array) => {
      const block = alloc(1);
      free(block);
      const last = alloc(16);
      const longer = new (array.constructor as Float32ArrayConstructor)(
        last.buffer,
        last.byteOffset,
        64 + array.length,
      );
      free(last);
      return longer as Typed;
    },
  };

  it.each(Object.keys(gone))('%s', (kind) => {
    for (const name of names) {
      const options = kernelCases[name].make(random);
      for (const [option, value] of Object.entries(options)) {
        if (!isTyped(value) || option === 'bScale' || option === 'bZero') continue;
        const array = gone[kind]!(value);
        const other = Object.fromEntries(
          Object.entries(copyOf(options)).map(([key, x]) => [key, isTyped(x) && x.length === 0 ? array : x]),
        );
        expectRefused(name, [{ ...other, [option]: array }], option);
      }
    }
  });

  it('even if all arrays have lost it, so that their lengths agree', () => {
    for (const name of ['relu', 'sigmoid', 'tanh', 'gelu', 'exp', 'axpy', 'dot', 'sum', 'add', 'mul'] as const)
      for (const make of Object.values(gone)) {
        const { alpha, ...arrays } = kernelCases[name].make(random);
        const options = Object.fromEntries(Object.keys(arrays).map((key) => [key, make(new Float32Array(4))]));
        expectRefused(name, [alpha === undefined ? options : { ...options, alpha }]);
      }
  });
});

describe('arrays of another realm', () => {
  const foreign = runInNewContext('({ Float32Array, Int32Array, Int8Array })') as Record<
    string,
    new (
      values: ArrayLike<number>,
    ) => Typed
  >;

  it.each(names)('are accepted by %s', (name) => {
    for (let round = 0; round < 5; round++) {
      const options = kernelCases[name].make(random);
      const own = copyOf(options);
      const others: Options = Object.fromEntries(
        Object.entries(options).map(([key, x]) => [key, isTyped(x) ? new foreign[x.constructor.name]!(x) : x]),
      );
      expect(Object.values(others).some((x) => x instanceof Float32Array || x instanceof Int8Array)).toBe(false);
      const results = [byName[name]!(own), byName[name]!(others)];
      expect(results[1]).toBe(results[0]);
      for (const output of kernelCases[name].outputs)
        expect(Array.from(others[output] as Typed)).toEqual(Array.from(own[output] as Typed));
    }
  });

  it('are accepted by init as bytes', async () => {
    // The header of an empty module: it is recognised as a module, and refused for what it lacks.
    const header = 'new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])';
    for (const source of [header, `${header}.buffer`, `new WebAssembly.Module(${header})`])
      await expect(init({ wasm: runInNewContext(source) })).rejects.toThrow(
        "is not a module of this version's kernels",
      );
  });
});

describe('sizes', () => {
  const f = (n: number) => new Float32Array(n);
  const window = { batch: 1, inChannels: 0, height: 1, width: 1 };
  const pool = { x: f(4), y: f(4), batch: 1, channels: 1, height: 2, width: 2 };
  it.each<[string, Options, string]>([
    [
      'conv2d',
      { ...window, x: f(0), weight: f(0), y: f(1), outChannels: 1, kernelSize: 65536, padding: 32768 },
      'padding',
    ],
    [
      'conv2d',
      { ...window, inChannels: 1, x: f(1), weight: f(1), y: f(1), outChannels: 1, kernelSize: 1, padding: 2 ** 30 },
      'padding',
    ],
    ['im2col', { ...window, x: f(0), y: f(0), kernelSize: [2 ** 16, 2 ** 15], padding: [2 ** 15, 2 ** 15] }, 'padding'],
    ['avgPool2d', { ...pool, kernelSize: 65536, padding: 32768, stride: 65536 }, 'padding'],
    ['maxPool2d', { ...pool, kernelSize: 2 ** 31 - 2, padding: 2 ** 30 - 1, stride: 2 ** 31 - 1 }, 'padding'],
    ['gemm', { m: 2 ** 31 - 1, n: 2 ** 31 - 1, k: 0, a: f(0), b: f(0), c: f(4) }, 'c'],
    ['gemm', { m: 2 ** 16, n: 2 ** 16, k: 2 ** 16, a: f(4), b: f(4), c: f(4) }, 'a'],
    ['gemm', { m: 2, n: 2, k: 2, lda: 2 ** 31 - 1, a: f(4), b: f(4), c: f(4) }, 'a'],
    ['qgemm', { m: 2 ** 16, n: 2 ** 16, k: 2 ** 16, a: new Int8Array(4), b: new Int8Array(4), c: f(4) }, 'a'],
    ['softmax', { rows: 2 ** 16, cols: 2 ** 16, x: f(4), y: f(4) }, 'x'],
    ['layerNorm', { rows: 2 ** 30, cols: 2 ** 30, x: f(4), y: f(4) }, 'x'],
    [
      'batchNorm',
      { batch: 2 ** 20, channels: 2 ** 20, spatial: 2 ** 24, x: f(4), y: f(4), mean: f(4), variance: f(4) },
      'x',
    ],
  ])('%s refuses products of sizes that are too large: %#', (name, options, argument) => {
    expectRefused(name, [options], argument);
  });

  it('strides and dilations that are never used may be as large as a size', () => {
    const y = f(1);
    const x = Float32Array.of(1, 2, 3, 4);
    const one = { x, y, batch: 1, height: 2, width: 2, kernelSize: 2, stride: 2 ** 31 - 1 };
    kernels.maxPool2d({ ...one, channels: 1 });
    expect(Array.from(y)).toEqual([4]);
    kernels.avgPool2d({ ...one, channels: 1 });
    expect(Array.from(y)).toEqual([2.5]);
    kernels.conv2d({ ...one, weight: Float32Array.of(1, 1, 1, 2), inChannels: 1, outChannels: 1 });
    expect(Array.from(y)).toEqual([14]);
    const all = f(4);
    kernels.conv2d({
      ...one,
      y: all,
      weight: f(1).fill(3),
      kernelSize: 1,
      stride: 1,
      dilation: 2 ** 31 - 1,
      inChannels: 1,
      outChannels: 1,
    });
    expect(Array.from(all)).toEqual([3, 6, 9, 12]);
  });

  it('outputs that share memory are refused', () => {
    const block = alloc(16);
    const ints = new Int32Array(block.buffer, block.byteOffset, 4);
    expectRefused('maxPool2d', [{ ...pool, y: block.subarray(3, 7), indices: ints, kernelSize: 1 }], 'indices');
    expectRefused('maxPool2d', [{ ...pool, x: block.subarray(3, 7), indices: ints, kernelSize: 1 }], 'indices');
    const cell = kernelCases.lstmCell.make(random);
    expectRefused('lstmCell', [{ ...cell, hOut: cell.cOut }], 'cOut');
    free(block);
  });
});
