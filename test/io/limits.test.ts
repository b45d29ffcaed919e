/** The memory that safetensors files and saved models may ask for: no more than their size warrants, unless the caller raises the limit. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  FormatError,
  loadModel,
  loadSafetensors,
  manualSeed,
  memory,
  nn,
  OutOfMemoryError,
  optim,
  randn,
  registerLayer,
  safetensorsMetadata,
  saveModel,
  saveSafetensors,
  scope,
  type Tensor,
} from '../../src/index.ts';
import { Storage } from '../../src/tensor/storage.ts';
import { architectures, emptyTensors, fileOf, headers, laughs, modelOf } from '../support/hostileFiles.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const MIB = 2 ** 20;

describe('safetensors', () => {
  it.each(headers)('a header of %s is refused', (_, file, message) => {
    const before = memory();
    for (const load of [loadSafetensors, safetensorsMetadata, loadModel]) {
      expect(() => load(file)).toThrow(FormatError);
      expect(() => load(file)).toThrow(message);
    }
    expect(memory()).toEqual(before);
  });

  it('many small tensors are read up to the limit, and beyond it if the caller raises it', () => {
    const count = (file: Uint8Array, options = {}) => scope(() => Object.keys(loadSafetensors(file, options)).length);
    expect(count(emptyTensors(5000))).toBe(5000);
    const file = emptyTensors(30_000);
    expect(() => count(file)).toThrow('loadSafetensors: the file asks for more than');
    expect(count(file, { maxElements: 1e8 })).toBe(30_000);
    expect(() => count(emptyTensors(10), { maxElements: 1000 })).toThrow('more than 1000 elements');
    expect(() => loadSafetensors(file, { maxElements: -1 })).toThrow('maxElements must be at least 0, got -1');
    expect(() => loadSafetensors(file, { most: 1 } as never)).toThrow('unknown option most');
  });

  it('the limit never refuses elements that are stored in the file', () => {
    const state = scope(() => {
      const file = fileOf(
        '{"a":{"dtype":"U8","shape":[3000000],"data_offsets":[0,3000000]}}',
        new Uint8Array(3_000_000),
      );
      return loadSafetensors(file).a!.numel;
    });
    expect(state).toBe(3_000_000);
  });

  it('tensors and metadata may have names such as constructor', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'];
    const described = names.map((name) => `"${name}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
    scope(() => {
      const state = loadSafetensors(fileOf(`{"__metadata__":{"__proto__":"a","constructor":"b"},${described.join()}}`));
      expect(Object.keys(state).sort()).toEqual([...names].sort());
      expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
      for (const name of names) expect(Object.getOwnPropertyDescriptor(state, name)!.value.shape).toEqual([0]);
    });
    const texts = safetensorsMetadata(fileOf('{"__metadata__":{"__proto__":"a","constructor":"b"}}'));
    expect(Object.keys(texts)).toEqual(['__proto__', 'constructor']);
    expect(() => loadModel(fileOf('{"__metadata__":{"constructor":"b"}}'))).toThrow('was not made by saveModel');
  });
});

describe('saved models', () => {
  it.each(architectures)('are refused if larger than their file: %s', (_, architecture) => {
    const file = modelOf(architecture);
    const before = memory();
    const allocate = vi.spyOn(Storage, 'allocate');
    expect(() => loadModel(file)).toThrow(FormatError);
    expect(allocate.mock.calls.length).toBeLessThan(file.length + 10_000);
    expect(() => loadModel(file)).toThrow(
      /^loadModel: the architecture is larger than its weights: it asks for more than \d+ elements, the limit; \{ maxE/,
    );
    const after = memory();
    expect([after.tensors, after.bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
    expect(after.bytesReserved - before.bytesReserved).toBeLessThan(2 * MIB);
  });

  it('layers may be shared', () => {
    expect(loadModel(modelOf(laughs(9))).model.modules()).toHaveLength(10);
    const block = new nn.Sequential(new nn.Linear(8, 8), new nn.ReLU());
    const repeated = new nn.Sequential(...Array.from({ length: 200 }, () => block));
    expect(loadModel(saveModel(repeated)).model.modules()).toHaveLength(4);
  });

  it('maxElements raises and lowers the default limit', () => {
    const file = modelOf({ kind: 'Linear', args: [300, 300] });
    expect(() => loadModel(file)).toThrow('maxElements');
    // The file has no weights, which is reported after the model has been built.
    expect(() => loadModel(file, { maxElements: 1e6 })).toThrow('missing [weight, bias]');
    expect(() => loadModel(modelOf(laughs(14)))).toThrow('maxElements');
    expect(loadModel(modelOf(laughs(14)), { maxElements: 2e6 }).model.modules()).toHaveLength(15);
    const good = saveModel(new nn.Linear(50, 50));
    expect(() => loadModel(good, { maxElements: 2000 })).toThrow('more than 2000 elements');
    expect(() => loadModel(good, { maxElements: Number.NaN })).toThrow('maxElements must be at least 0, got NaN');
  });

  it('layers of every kind are accepted, with the optimizers that trained them', () => {
    manualSeed(1);
    const layers = [new nn.Embedding(200, 64), new nn.LSTM(64, 64), new nn.Linear(64, 200), new nn.Conv2d(3, 4, 3)];
    const optimizer = new optim.Adam(layers.flatMap((layer) => layer.parameters()));
    const file = saveModel(new nn.ModuleList<nn.Module>(layers), { optimizer });
    const restored = loadModel(file);
    restored.optimizer!.dispose();
    restored.model.dispose();
  });

  it('the constructor of a registered layer has no limit', () => {
    class Rich extends nn.Module {
      weight = new nn.Parameter(randn(400, 400));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    registerLayer('limits.Rich', Rich);
    const good = saveModel(new nn.Sequential(new Rich()));
    expect(loadModel(good).model.parameters()[0]!.numel).toBe(160_000);
  });

  it('running out of memory is reported as such, not as a damaged file', () => {
    const good = saveModel(new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 4)), {});
    const { allocate } = Storage;
    const before = memory();
    let calls = 0;
    const failAt = (n: number) => {
      calls = 0;
      vi.spyOn(Storage, 'allocate').mockImplementation((executor, length) => {
        if (calls++ === n) throw new OutOfMemoryError('no memory', { op: 'allocate', got: length });
        return allocate.call(Storage, executor, length);
      });
    };
    failAt(Infinity);
    loadModel(good).model.dispose();
    const all = calls;
    expect(all).toBeGreaterThan(4);
    for (let n = 0; n < all; n++) {
      vi.restoreAllMocks();
      failAt(n);
      expect(() => loadModel(good), `allocation ${n}`).toThrow(OutOfMemoryError);
      const { tensors, bytesInUse } = memory();
      expect([tensors, bytesInUse], `allocation ${n}`).toEqual([before.tensors, before.bytesInUse]);
    }
  });

  it('a file with numbers or texts in place of modules is damaged', () => {
    for (const shared of ['length', 'map', '__proto__', -1, 0.5, 1e9, null, {}])
      expect(() => loadModel(modelOf({ kind: 'Sequential', args: [{ shared }] }))).toThrow('a shared layer is missing');
    for (const name of [1, null, {}, ['a']])
      expect(() => loadModel(modelOf({ kind: 'ModuleDict', args: [[name, { kind: 'ReLU', args: [] }]] }))).toThrow(
        'the name of a layer is not a text',
      );
  });
});

it('ordinary files are read', () => {
  const file = scope(() => saveSafetensors({ a: randn(100, 100), b: randn(3) }, { note: 'x'.repeat(1000) }));
  scope(() => expect(Object.keys(loadSafetensors(file))).toEqual(['a', 'b']));
});
