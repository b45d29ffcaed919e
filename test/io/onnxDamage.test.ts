/** Damaged and malicious ONNX files: each either loads or throws one of saraf's errors, in bounded time and memory. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  exportOnnx,
  FormatError,
  loadModel,
  loadOnnx,
  manualSeed,
  nn,
  SarafError,
  saveModel,
} from '../../src/index.ts';
import { tensorProtoOf } from '../../src/io/onnx/tensors.ts';
import { type ModelProto, readModel, type Written, writeModel } from '../../src/io/onnx/wire.ts';
import { inUse } from '../support/inUse.ts';

/** A generator of random numbers whose seed is printed with every failure. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Damage = (bytes: Uint8Array, below: (n: number) => number) => Uint8Array;

const flipped: Damage = (bytes, below) => {
  const copy = bytes.slice();
  for (let i = 0; i <= below(3); i++) copy[below(copy.length)]! ^= 1 << below(8);
  return copy;
};
const truncated: Damage = (bytes, below) => bytes.slice(0, below(bytes.length));
/** Lengths, sizes and field numbers become the largest that their bytes can hold. */
const blownUp: Damage = (bytes, below) => {
  const copy = bytes.slice();
  const at = below(copy.length);
  copy.fill(0xff, at, at + 1 + below(9));
  return copy;
};
const overwritten: Damage = (bytes, below) => {
  const copy = bytes.slice();
  for (let i = 0; i < 4; i++) copy[below(copy.length)] = below(256);
  return copy;
};
const shifted: Damage = (bytes, below) => {
  const [from, length, to] = [below(bytes.length), below(40), below(bytes.length)];
  return Uint8Array.from([...bytes.slice(0, to), ...bytes.slice(from, from + length), ...bytes.slice(to)]);
};

const torch = readFileSync(new URL('../golden/onnx.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { name: string; opset: number; model: string });
const fixture = (name: string) =>
  new Uint8Array(Buffer.from(torch.filter((given) => given.name === name).at(-1)!.model, 'base64'));

manualSeed(1);
const files: [string, Uint8Array][] = [
  [
    'own',
    exportOnnx(new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(8, 2)), [
      null,
      1,
      4,
      4,
    ]),
  ],
  ['lstm', fixture('lstm with states')],
  ['shapes', fixture('shapes')],
  ['cnn', fixture('cnn')],
];
const PER_KIND = 160;

describe('damaged files load or are refused', () => {
  const kinds = Object.entries({ flipped, truncated, blownUp, overwritten, shifted });
  it.each(files.flatMap(([name, bytes]) => kinds.map(([kind, damage]) => [name, kind, bytes, damage] as const)))(
    `%s, %s: ${PER_KIND} times`,
    (name, kind, bytes, damage) => {
      let loaded = 0;
      const before = inUse();
      const start = performance.now();
      for (let i = 0; i < PER_KIND; i++) {
        const seed = 1000 * i + name.length + kind.length;
        const damaged = damage(bytes, random(seed));
        try {
          const model = loadOnnx(damaged);
          loaded++;
          expect(inUse().bytesInUse - before.bytesInUse, `seed ${seed}`).toBeLessThan(20 * bytes.length + 4096);
          model.dispose();
        } catch (error) {
          if (!(error instanceof FormatError)) throw new Error(`seed ${seed}`, { cause: error });
        }
        expect(inUse().tensors, `seed ${seed}`).toBe(before.tensors);
      }
      expect(inUse().bytesReserved).toBe(before.bytesReserved);
      expect(performance.now() - start).toBeLessThan(10_000);
      if (kind === 'truncated') expect(loaded).toBeLessThan(PER_KIND / 4);
    },
  );
});

/** A file with one node. */
function fileOf(
  change: (model: Written<ModelProto> & { graph: NonNullable<Written<ModelProto>['graph']> }) => void,
): Uint8Array {
  const info = (name: string) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } });
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      node: [{ input: ['x', 'w'], output: ['y'], opType: 'Add', attribute: [] }],
      initializer: [tensorProtoOf([2], 1, [1, 2], 'w')],
      input: [info('x')],
      output: [info('y')],
    },
  } satisfies Written<ModelProto>;
  change(model);
  return writeModel(model);
}

describe('malicious files are refused', () => {
  it('but the file loads before it is changed', () => {
    expect(Object.keys(loadOnnx(fileOf(() => {})).stateDict())).toEqual(['w']);
    expect(readModel(fileOf(() => {})).graph!.node[0]!.opType).toBe('Add');
  });

  const node = { input: ['x', 'w'], output: ['y'], opType: 'Add', attribute: [] };
  it.each<[string, RegExp, Parameters<typeof fileOf>[0]]>([
    ['sizes beyond the data', /is \[1000000000\], but has 2 elements/, (m) => (m.graph.initializer![0]!.dims = [1e9])],
    ['sizes beyond the largest number', /has sizes/, (m) => (m.graph.initializer![0]!.dims = [2 ** 40, 2 ** 40])],
    ['negative sizes', /dimension of size -2/, (m) => (m.graph.initializer![0]!.dims = [-2, -1])],
    ['too many dimensions', /7 dimensions, at most 6/, (m) => (m.graph.initializer![0]!.dims = [1, 1, 1, 1, 1, 1, 2])],
    ['an unknown element type', /element type 99/, (m) => (m.graph.initializer![0]!.dataType = 99)],
    ['data in another file', /external data/, (m) => (m.graph.initializer![0]!.dataLocation = 1)],
    [
      'data that is not a multiple of its elements',
      /1.25 elements/,
      (m) => (m.graph.initializer![0]!.rawData = new Uint8Array(5)),
    ],
    ['an initializer without a name', /no name/, (m) => (m.graph.initializer![0]!.name = '')],
    [
      'a duplicate initializer',
      /w is defined twice/,
      (m) => m.graph.initializer!.push(tensorProtoOf([1], 1, [1], 'w')),
    ],
    ['a missing input', /takes z, which nothing before it gives/, (m) => (m.graph.node![0]!.input = ['x', 'z'])],
    [
      'a circle',
      /takes z, which nothing before it/,
      (m) => {
        m.graph.node = [
          { ...node, input: ['x', 'z'] },
          { ...node, input: ['y', 'w'], output: ['z'] },
        ];
      },
    ],
    ['a duplicate output', /y is defined twice/, (m) => m.graph.node!.push(node)],
    ['an output that no node gives', /output z is not given/, (m) => (m.graph.output![0]!.name = 'z')],
    ['no outputs', /no outputs/, (m) => (m.graph.output = [])],
    ['no graph', /no graph/, (m) => delete (m as Written<ModelProto>).graph],
    ['no operators', /which version/, (m) => (m.opsetImport = [])],
    ['old operators', /opset 6; 7 is the oldest/, (m) => (m.opsetImport![0]!.version = 6)],
    [
      'unknown operations, all of which are listed',
      /not supported: NonZero, com.acme.Magic$/,
      (m) => {
        m.graph.node = [
          { ...node, opType: 'NonZero', output: ['a'] },
          { ...node, opType: 'Magic', domain: 'com.acme' },
        ];
      },
    ],
    [
      'operations with names such as constructor',
      /not supported: __proto__, constructor$/,
      (m) => {
        m.graph.node = [
          { ...node, opType: 'constructor', output: ['a'] },
          { ...node, opType: '__proto__' },
        ];
      },
    ],
    [
      'a subgraph',
      /subgraph \(body\); control flow/,
      (m) => {
        m.graph.node![0]!.attribute = [{ name: 'body', type: 5, g: new Uint8Array(2) }];
      },
    ],
    [
      'a duplicate attribute',
      /two attributes axis/,
      (m) => {
        m.graph.node![0]!.attribute = [
          { name: 'axis', type: 2, i: 1 },
          { name: 'axis', type: 2, i: 2 },
        ];
      },
    ],
    ['sparse weights', /sparse/, (m) => (m.graph.sparseInitializer = [new Uint8Array(1)])],
    ['an input that is not a tensor', /input x is not a tensor/, (m) => (m.graph.input![0]!.type = {})],
  ])('%s', (_, message, change) => {
    const before = inUse();
    expect(() => loadOnnx(fileOf(change))).toThrow(message);
    expect(() => loadOnnx(fileOf(change))).toThrow(FormatError);
    expect(inUse()).toEqual(before);
  });

  it('except weights with names such as constructor', () => {
    for (const name of ['__proto__', 'forward', 'constructor', 'training', 'fields', 'toString', '']) {
      const bytes = fileOf((m) => {
        m.graph.initializer![0]!.name = name || 'ok';
        m.graph.node![0]!.input = ['x', name || 'ok'];
      });
      const model = loadOnnx(bytes);
      expect(model.parameters().length).toBe(1);
      expect(Object.getPrototypeOf(model).constructor.name).toBe('OnnxModel');
      model.dispose();
    }
  });

  it('deeply nested groups, and very many repeated messages', () => {
    const deep = new Uint8Array(100_000).fill(0x0b);
    expect(() => loadOnnx(deep)).toThrow(FormatError);
    // A graph of a hundred thousand empty nodes.
    const body = new Uint8Array(200_000).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
    const many = Uint8Array.from([0x08, 8, 0x3a, 0xc0, 0x9a, 0x0c, ...body, 0x42, 2, 0x10, 17]);
    expect(() => loadOnnx(many)).toThrow(/no operation/);
  });

  it('damaged graphs inside files of saveModel', () => {
    const loaded = loadOnnx(fileOf(() => {}));
    const text = Buffer.from(saveModel(loaded)).toString('latin1');
    const graph = /\[\\?"(CAg[^"\\]*)/.exec(text)![1]!;
    const before = inUse();
    for (const broken of ['!'.repeat(graph.length), 'A'.repeat(graph.length), `${graph.slice(0, -8)}CAgCAgCA`]) {
      const damaged = Buffer.from(text.replace(graph, broken), 'latin1');
      expect(() => loadModel(new Uint8Array(damaged))).toThrow(FormatError);
    }
    for (const [from, to] of [
      ['[\\"w\\",[2]]', '[\\"w\\",[-]]'],
      ['[\\"w\\",[2]]', '[\\"w\\",[9]]'],
      ['[\\"w\\",[2]]', '[\\"v\\",[2]]'],
    ]) {
      expect(text).toContain(from);
      expect(() => loadModel(new Uint8Array(Buffer.from(text.replace(from!, to!), 'latin1')))).toThrow(SarafError);
    }
    expect(inUse()).toEqual(before);
    expect(() => loadModel(new Uint8Array(Buffer.from(text, 'latin1')))).not.toThrow();
  });

  it('values that are not arrays of bytes', () => {
    for (const given of [null, 'onnx', new ArrayBuffer(8), [1, 2]])
      expect(() => loadOnnx(given as unknown as Uint8Array)).toThrow(SarafError);
    expect(() => loadOnnx(new Uint8Array(0))).toThrow(FormatError);
  });
});
