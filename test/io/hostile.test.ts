/**
 * Model files that are damaged or malicious: each gives one of saraf's errors or a model, quickly, with no more memory
 * than the file warrants, and without leaks.
 */
import { describe, expect, it } from 'vitest';
import {
  FormatError,
  loadModel,
  loadSafetensors,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  randn,
  SarafError,
  saveModel,
  saveSafetensors,
  scope,
  tensor,
} from '../../src/index.ts';
import { damagedBytes, damagedJson, type Random, randomFrom } from '../support/damage.ts';
import { fileOf } from '../support/hostileFiles.ts';

const MUTATIONS = 2500;
const MIB = 2 ** 20;

function partsOf(bytes: Uint8Array): [header: string, rest: Uint8Array] {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return [new TextDecoder().decode(bytes.subarray(8, 8 + length)), bytes.subarray(8 + length)];
}

/** Changes bytes, or the header, its length, or the description inside it. */
function mutation(random: Random, good: Uint8Array): Uint8Array {
  const [header, rest] = partsOf(good);
  switch (random.below(6)) {
    case 0:
      return damagedBytes(random, good);
    case 1:
      return fileOf(
        header,
        rest,
        random.pick([0n, 1n, 8n, BigInt(good.length), 100_000_000n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]),
      );
    case 2:
      return fileOf(damagedJson(random, header), rest);
    default: {
      const value = JSON.parse(header) as { __metadata__?: { saraf?: string } };
      const description = value.__metadata__?.saraf;
      if (description === undefined) return fileOf(damagedJson(random, header), rest);
      value.__metadata__!.saraf = damagedJson(random, description);
      return fileOf(JSON.stringify(value), rest);
    }
  }
}

/** Loads many damaged files; returns how many were refused. */
function survive(good: Uint8Array, load: (bytes: Uint8Array) => void): { refused: number; loaded: number } {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomFrom(seed);
  load(good);
  const before = memory();
  const counts = { refused: 0, loaded: 0 };
  let slowest = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = mutation(random, good);
    const where = `mutation ${i} of seed ${seed}`;
    const buffers = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    try {
      load(bytes);
      counts.loaded++;
    } catch (error) {
      if (!(error instanceof SarafError)) throw new Error(`${where}: ${(error as Error).stack}`);
      counts.refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
    expect(process.memoryUsage().arrayBuffers - buffers, where).toBeLessThan(4 * bytes.length + MIB);
    const { tensors, bytesInUse, bytesReserved } = memory();
    expect([tensors, bytesInUse], where).toEqual([before.tensors, before.bytesInUse]);
    expect(bytesReserved - before.bytesReserved, where).toBeLessThanOrEqual(16 * bytes.length + MIB);
  }
  expect(slowest, `seed ${seed}`).toBeLessThan(2000);
  expect(({} as { polluted?: number }).polluted, `seed ${seed}`).toBeUndefined();
  console.log(`seed ${seed}: ${counts.refused} refused, ${counts.loaded} loaded, slowest ${slowest.toFixed(1)} ms`);
  return counts;
}

function trained(model: nn.Layer, width: number): Uint8Array {
  const optimizer = new optim.Adam(model.parameters());
  scope(() => {
    model.forward(randn(4, width)).square().sum().backward();
    optimizer.step();
  });
  return saveModel(model, { optimizer, epoch: 3 });
}

describe(`${MUTATIONS} seeded mutations are loaded or refused`, () => {
  it('of a safetensors file', () => {
    const good = scope(() =>
      saveSafetensors(
        {
          a: randn(3, 4),
          'b.weight': tensor([1, 2, 3], { dtype: 'int32' }),
          c: tensor([true, false]),
          nothing: ones(0, 2),
        },
        { k: 'v' },
      ),
    );
    const { refused } = survive(good, (bytes) => {
      scope(() => {
        const state = loadSafetensors(bytes);
        expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
        const elements = Object.values(state).reduce((sum, { numel }) => sum + numel, 0);
        expect(elements).toBeLessThanOrEqual(bytes.length);
      });
    });
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
  });

  it('of a saved model', () => {
    manualSeed(1);
    const shared = new nn.Linear(4, 4);
    const model = new nn.Sequential(
      shared,
      new nn.Unflatten(1, [1, 2, 2]),
      new nn.Conv2d(1, 2, 1),
      new nn.BatchNorm2d(2),
      new nn.Flatten(),
      new nn.Sequential(new nn.Linear(8, 4), new nn.Dropout(0.5), new nn.GELU()),
      shared,
    );
    const { refused } = survive(trained(model, 4), (bytes) => {
      const { model: loaded, optimizer } = loadModel(bytes);
      optimizer?.dispose();
      loaded.dispose();
    });
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
    model.dispose();
  });

  it('of a saved graph', () => {
    const graph = new nn.Graph();
    const x = graph.input([4]);
    const h = graph.apply(new nn.Linear(4, 4), x);
    const y = graph.apply(new nn.Linear(8, 2), graph.concat([graph.add(x, h), h]));
    const model = graph.model({ inputs: [x], outputs: [y] });
    const { refused } = survive(saveModel(model), (bytes) => {
      loadModel(bytes).model.dispose();
    });
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
    model.dispose();
  });
});

describe('a small file cannot ask for a large model', () => {
  const random = { seed: 1, counter: 0 };
  const bytesOf = (architecture: unknown) =>
    saveSafetensors(
      {},
      { saraf: JSON.stringify({ version: 1, architecture, random, epoch: 0, optimizer: null, scheduler: null }) },
    );
  const deep = (depth: number) => {
    let inner: unknown = { kind: 'ReLU', args: [] };
    for (let i = 0; i < depth; i++) inner = { kind: 'Sequential', args: [inner] };
    return inner;
  };

  it.each<[string, unknown, string]>([
    ['a large layer', { kind: 'Linear', args: [4000, 4000] }, 'the architecture is larger than its weights'],
    ['a layer beyond all memory', { kind: 'Linear', args: [2 ** 30, 2 ** 30] }, 'the architecture is larger'],
    ['a large kernel', { kind: 'Conv2d', args: [1, 1, [30000, 30000], {}] }, 'the architecture is larger'],
    ['many layers in one', { kind: 'LSTM', args: [1, 1, { numLayers: 1e9 }] }, 'the architecture is larger'],
    [
      'many layers',
      { kind: 'Sequential', args: Array(5000).fill({ kind: 'Linear', args: [8, 8] }) },
      'the architecture is larger',
    ],
    ['a large table', { kind: 'Embedding', args: [1e8, 100, {}] }, 'the architecture is larger'],
    ['deep nesting', deep(1000), 'modules are nested deeper than 200'],
    ['an invalid name', { kind: 'ModuleDict', args: [['__proto__', { kind: 'ReLU', args: [] }]] }, 'cannot be a name'],
  ])('%s', (_, architecture, message) => {
    const bytes = bytesOf(architecture);
    const before = memory();
    const start = performance.now();
    expect(() => loadModel(bytes)).toThrow(message);
    expect(performance.now() - start).toBeLessThan(2000);
    const after = memory();
    expect([after.tensors, after.bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
    expect(after.bytesReserved - before.bytesReserved).toBeLessThan(2 * MIB);
  });

  it('nor change prototypes by a key', () => {
    const text = `{"version":1,"architecture":{"kind":"ReLU","args":[],"__proto__":{"polluted":1}},"random":{"seed":1,"counter":0}}`;
    expect(() => loadModel(saveSafetensors({}, { saraf: text }))).toThrow(FormatError);
  });

  it('but may be nested as deeply as models are', () => {
    expect(loadModel(bytesOf(deep(150))).model.modules()).toHaveLength(151);
  });
});
