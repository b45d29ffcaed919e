/**
 * The memory that an ONNX file may ask for: a graph whose attributes ask for more is refused at that node, and the
 * caller can raise the limit.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  compile,
  exportOnnx,
  FormatError,
  loadModel,
  loadOnnx,
  memory,
  nn,
  noGrad,
  ones,
  SarafError,
  saveModel,
  scope,
  type Tensor,
  zeros,
} from '../../src/index.ts';
import { Storage } from '../../src/tensor/storage.ts';
import { damagedBytes, randomFrom } from '../support/damage.ts';
import { bombs, bySize, chain, graphOf, node } from '../support/hostileOnnx.ts';

const MIB = 2 ** 20;
const MUTATIONS = 60;
/** The elements that a run may ask for beyond those of its file and its inputs. */
const FREE = 2 ** 25;

afterEach(() => {
  vi.restoreAllMocks();
});

/** The number of elements that `fn` allocates, and the number of blocks. */
function allocationsOf(fn: () => void): { elements: number; blocks: number } {
  const counts = { elements: 0, blocks: 0 };
  const { allocate } = Storage;
  vi.spyOn(Storage, 'allocate').mockImplementation((executor, length) => {
    const storage = allocate.call(Storage, executor, length);
    counts.elements += length;
    counts.blocks++;
    return storage;
  });
  fn();
  return counts;
}

const run = (file: Uint8Array, shape: readonly number[], options = {}): number =>
  scope(() => {
    const model = loadOnnx(file, options);
    try {
      return noGrad(() => (model.forward(ones(...shape)) as Tensor).numel);
    } finally {
      model.dispose();
    }
  });

describe(`${bombs.length} graphs of a few bytes that ask for more memory than there is are refused`, () => {
  it.each(bombs.map((bomb) => [bomb.name, bomb] as const))('%s', (_, { file, shape }) => {
    const before = memory();
    expect(file.length).toBeLessThan(12_000);
    let error: unknown;
    const { elements, blocks } = allocationsOf(() => {
      try {
        run(file, shape);
      } catch (thrown) {
        error = thrown;
      }
    });
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).argument).toBe('maxElements');
    expect((error as Error).message).toMatch(
      /^loadOnnx: node \S+ \(\w+\) asks for more than \d+ elements, the limit; \{ maxElements \} raises it/,
    );
    expect(elements).toBeLessThan(FREE + MIB);
    expect(blocks).toBeLessThan((FREE + 64 * file.length) / 512 + 64);
    const after = memory();
    expect([after.tensors, after.bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
    expect(after.bytesReserved).toBeLessThan(256 * MIB);
  });
});

describe('the limit', () => {
  const tile = graphOf([node('Tile', ['x', 's'], 'y')], { s: [1000] });

  it('is raised and lowered by maxElements, for loading and for running', () => {
    expect(run(tile, [2])).toBe(2000);
    expect(() => run(tile, [2], { maxElements: 4000 })).toThrow('node y (Tile) asks for more than 4000 elements');
    expect(run(tile, [2], { maxElements: 10_000 })).toBe(2000);
    expect(() => loadOnnx(tile, { maxElements: 100 })).toThrow('loadOnnx: the file asks for more than 100 elements');
    const large = graphOf([node('Expand', ['x', 's'], 'e'), node('ReduceSum', ['e'], 'y')], { s: [20_000_000] }, [1]);
    expect(() => run(large, [1])).toThrow('maxElements');
    expect(run(large, [1], { maxElements: 2 ** 30 })).toBe(1);
    expect(run(large, [1], { maxElements: Infinity })).toBe(1);
    for (const maxElements of [-1, Number.NaN, '9' as never])
      expect(() => loadOnnx(tile, { maxElements })).toThrow('maxElements must be at least 0');
    expect(() => loadOnnx(tile, { maxElement: 1 } as never)).toThrow('unknown option maxElement');
  });

  it('grows with the inputs, so that it does not refuse what they need', () => {
    const wide = graphOf(
      chain(12, (from, to) => node('Concat', [from, from], to, { axis: 0 })),
      {},
      null,
    );
    expect(run(wide, [4096])).toBe(2 ** 24);
    expect(() => run(wide, [1], { maxElements: 100 })).toThrow('maxElements');
  });

  it('holds in compiled functions, in models inside models, and after saveModel', () => {
    const bomb = graphOf(chain(60, (from, to) => node('Concat', [from, from], to, { axis: 0 })));
    const model = loadOnnx(bomb);
    const x = zeros(2);
    expect(() => compile((t: Tensor) => model.forward(t) as Tensor)(x)).toThrow(FormatError);
    expect(() => new nn.Sequential(model as unknown as nn.Layer).forward(x)).toThrow('maxElements');
    const restored = loadModel(saveModel(model)).model as typeof model;
    expect(() => restored.forward(x)).toThrow('maxElements');
    const trusted = loadModel(saveModel(loadOnnx(tile)), { maxElements: 4000 }).model as typeof model;
    expect(() => trusted.forward(x)).toThrow('asks for more than 4000 elements');
    x.dispose();
  });

  it('leaves ordinary models a wide margin', () => {
    const layers: nn.Layer[] = [new nn.Conv2d(1, 32, 3, { padding: 1 })];
    for (let i = 0; i < 8; i++)
      layers.push(new nn.Conv2d(32, 32, 3, { padding: 1 }), new nn.BatchNorm2d(32), new nn.ReLU());
    const deep = new nn.Sequential(...layers).eval();
    const file = exportOnnx(deep, [null, 1, 32, 32]);
    const limit = FREE + 64 * file.length + 32 * 32 * 2 ** 18;
    expect(run(file, [1, 1, 32, 32], { maxElements: limit / 10 })).toBe(32 ** 3);
    deep.dispose();
  });
});

it('damaged graphs run or are refused, within the limit', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomFrom(seed);
  const before = memory();
  const counts = { ran: 0, refused: 0, limited: 0 };
  const allocated = allocationsOf(() => {});
  for (const { name, file, shape } of bySize(2)) {
    expect(run(file, shape), name).toBeGreaterThan(0);
    for (let i = 0; i < MUTATIONS; i++) {
      const damaged = damagedBytes(random, file);
      const where = `mutation ${i} of ${name}, seed ${seed}`;
      allocated.elements = 0;
      try {
        run(damaged, shape);
        counts.ran++;
      } catch (error) {
        if (!(error instanceof SarafError)) throw new Error(where, { cause: error });
        if (error.argument === 'maxElements') counts.limited++;
        counts.refused++;
      }
      const inputs = shape.reduce((a, b) => a * b, 1);
      expect(allocated.elements, where).toBeLessThan(FREE + 64 * damaged.length + 2 ** 18 * inputs);
      const { tensors, bytesInUse } = memory();
      expect([tensors, bytesInUse], where).toEqual([before.tensors, before.bytesInUse]);
    }
  }
  console.log(`seed ${seed}: ${counts.ran} ran, ${counts.refused} refused, ${counts.limited} of them at the limit`);
  expect(counts.ran).toBeGreaterThan(10);
  expect(counts.refused).toBeGreaterThan(100);
});

describe('a file cannot contain', () => {
  const refused = (file: Uint8Array, message: RegExp | string) => {
    const before = memory();
    expect(() => loadOnnx(file)).toThrow(FormatError);
    expect(() => loadOnnx(file)).toThrow(message);
    expect(memory()).toEqual(before);
  };

  it('very long lists of sizes', () => {
    const file = graphOf([node('Relu', ['x'], 'y')], { w: [1] });
    const at = Buffer.from(file).indexOf(Buffer.from([0x0a, 1, 1, 0x10]));
    expect(at).toBeGreaterThan(0);
    const plain = graphOf([node('Relu', ['x'], 'y')], { w: { floats: [1], shape: new Array(100_000).fill(1) } });
    refused(plain, 'field dims has more than 64 items');
    const inputs = graphOf([node('Relu', ['x'], 'y')], {}, new Array(100_000).fill(1));
    refused(inputs, 'field dim has more than 64 items');
  });

  it('very long lists of sizes in attributes and weights', () => {
    const sizes = new Array(100_000).fill(1);
    for (const [op, attributes] of [
      ['Unsqueeze', { axes: [...sizes.keys()] }],
      ['Reshape', { shape: sizes }],
    ] as const) {
      const list = Object.values(attributes)[0]!;
      const file = graphOf([node(op, ['x', 's'], 'y')], { s: list });
      expect(() => run(file, [2])).toThrow(/10000\d dimensions; at most 6/);
      const numbers = graphOf([node('Shape', ['x'], 'n'), node(op, ['n', 's'], 'y')], { s: list }, [1]);
      expect(() => run(numbers, [1])).toThrow(/10000\d dimensions; at most 6/);
    }
  });

  it('very many messages', () => {
    const body = new Uint8Array(400_000).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
    const length = [
      0x80 | (body.length & 0x7f),
      0x80 | ((body.length >> 7) & 0x7f),
      0x80 | ((body.length >> 14) & 0x7f),
      body.length >> 21,
    ];
    refused(new Uint8Array(Buffer.concat([Uint8Array.of(0x08, 8, 0x3a, ...length), body])), 'maxElements');
  });

  it('very many unknown operations: the error gives their number', () => {
    const many = Array.from({ length: 2000 }, (_, i) => node(`Magic${i}`, ['x'], i === 0 ? 'y' : `v${i}`));
    expect(() => loadOnnx(graphOf(many))).toThrow(/Magic0, .*, … \(2000 in all\)$/);
  });
});
