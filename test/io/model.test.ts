/** Models as files: the same outputs, and training that continues with the same bits. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  F,
  FormatError,
  loadModel,
  loadSafetensors,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  randn,
  registerLayer,
  saveModel,
  saveSafetensors,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import * as files from '../../src/node/index.ts';

const wrong = (x: unknown) => x as never;

function everyLayer(): nn.Sequential {
  return new nn.Sequential(
    new nn.Unflatten(1, [2, 3]),
    new nn.Flatten(),
    new nn.Linear(6, 8),
    new nn.ReLU(),
    new nn.Sequential(new nn.Linear(8, 8, { bias: false }), new nn.Sigmoid(), new nn.Dropout(0.25)),
    new nn.Tanh(),
    new nn.Linear(8, 3),
    new nn.Softmax({ dim: 0 }),
    new nn.LogSoftmax(),
  );
}

const output = (model: nn.Module, x: Tensor) =>
  scope(() => noGrad(() => [...(model as nn.Sequential).eval().forward(x).dataSync()]));

describe('saveModel and loadModel', () => {
  it('keep the architecture and the weights', () => {
    manualSeed(1);
    const before = memory();
    const model = everyLayer();
    const x = randn(4, 6);
    const { model: loaded, optimizer, scheduler, epoch } = loadModel(saveModel(model));
    expect(String(loaded)).toBe(String(model));
    expect([optimizer, scheduler, epoch]).toEqual([null, null, 0]);
    expect(output(loaded, x)).toEqual(output(model, x));
    const other = everyLayer();
    expect(output(loaded, x)).not.toEqual(output(other, x));
    for (const part of [model, loaded, other, x]) part.dispose();
    expect(memory().tensors).toBe(before.tensors);
  });

  it('store the weights under their own names', () => {
    const model = new nn.Sequential(new nn.Linear(2, 3));
    const state = loadSafetensors(saveModel(model));
    expect(Object.keys(state)).toEqual(['0.weight', '0.bias']);
  });

  it('keep layers that are used twice shared', () => {
    const layer = new nn.Linear(4, 4);
    const model = new nn.Sequential(layer, new nn.ReLU(), layer);
    const { model: loaded } = loadModel(saveModel(model));
    const again = loaded as nn.Sequential;
    expect(again[2]).toBe(again[0]);
    expect(again[1]).not.toBe(again[0]);
    const x = randn(2, 4);
    expect(output(again, x)).toEqual(output(model, x));
  });

  it.each([
    ['SGD', (params: nn.Parameter[]) => new optim.SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true })],
    [
      'Adam',
      (params: nn.Parameter[]) =>
        new optim.Adam([{ params: params.slice(0, 2), lr: 0.02 }, { params: params.slice(2) }], { amsgrad: true }),
    ],
  ])('continue training with the same bits: %s', (_, make) => {
    manualSeed(2);
    const model = new nn.Sequential(new nn.Linear(5, 8), new nn.Tanh(), new nn.Dropout(0.3), new nn.Linear(8, 3));
    const optimizer = make(model.parameters());
    const x = randn(6, 5);
    const y = tensor([0, 1, 2, 0, 1, 2], { dtype: 'int32' });
    const step = (net: nn.Module, opt: { zeroGrad(): void; step(): void }) =>
      scope(() => {
        opt.zeroGrad();
        const loss = F.crossEntropy((net as nn.Sequential).forward(x), y);
        loss.backward();
        opt.step();
        return loss.item();
      });
    for (let i = 0; i < 3; i++) step(model, optimizer);
    optimizer.paramGroups[0]!.lr = 0.03;
    const bytes = saveModel(model, {
      optimizer,
      epoch: 3,
      scheduler: { stateDict: () => ({ best: Infinity, last: -0 }) },
    });
    const expected = [step(model, optimizer), step(model, optimizer)];
    manualSeed(99);
    const saved = loadModel(bytes);
    expect([saved.epoch, saved.scheduler]).toEqual([3, { best: Infinity, last: -0 }]);
    expect(saved.optimizer!.constructor).toBe(optimizer.constructor);
    expect(saved.optimizer!.paramGroups.map(({ params, ...settings }) => [params.length, settings])).toEqual(
      optimizer.paramGroups.map(({ params, ...settings }) => [params.length, settings]),
    );
    expect([step(saved.model, saved.optimizer!), step(saved.model, saved.optimizer!)]).toEqual(expected);
  });

  it('can leave the random state unchanged', () => {
    const bytes = saveModel(new nn.Sequential(new nn.Linear(2, 2)));
    const draw = () => scope(() => [...randn(3).dataSync()]);
    manualSeed(5);
    const expected = draw();
    manualSeed(5);
    loadModel(bytes, { restoreRandom: false });
    expect(draw()).toEqual(expected);
    manualSeed(6);
    loadModel(bytes);
    expect(draw()).not.toEqual(
      scope(() => {
        manualSeed(6);
        return draw();
      }),
    );
  });

  it('support registered layers', () => {
    class Scale extends nn.Module {
      constructor(readonly factor: number) {
        super();
      }
      override forward(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    const model = new nn.Sequential(new Scale(3));
    expect(() => saveModel(model)).toThrow(ArgumentError);
    expect(() => saveModel(model)).toThrow(
      "the layer Scale is not known; make it known with registerLayer('Scale', Scale, (layer) => [arguments])",
    );
    registerLayer('Scale', Scale, (layer) => [layer.factor]);
    const { model: loaded } = loadModel(saveModel(model));
    expect(output(loaded, tensor([2]))).toEqual([6]);
    expect(() => registerLayer('Scale', Scale)).toThrow('Scale is known already');
    class MyLinear extends nn.Linear {}
    expect(() => saveModel(new MyLinear(1, 1))).toThrow('the layer MyLinear is not known');
  });

  it('refuse a model and an optimizer that do not belong together, and wrong options', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2));
    const other = new optim.SGD(new nn.Linear(2, 2).parameters());
    expect(() => saveModel(model, { optimizer: other })).toThrow(
      'the optimizer has a parameter that the model does not have',
    );
    expect(() => saveModel(model, wrong({ optimiser: other }))).toThrow('unknown option optimiser');
    expect(() => saveModel(model, { epoch: -1 })).toThrow('epoch must be a whole number');
  });

  const description = {
    version: 1,
    architecture: { kind: 'Linear', args: [2, 2] },
    random: { seed: 1, counter: 0 },
    epoch: 0,
    optimizer: null,
    scheduler: null,
  };
  const bytesOf = (changes: object) =>
    scope(() => {
      const layer = {
        weight: tensor([
          [1, 2],
          [3, 4],
        ]),
        bias: tensor([5, 6]),
      };
      return saveSafetensors(layer, { saraf: JSON.stringify({ ...description, ...changes }) });
    });

  it.each<[string, () => Uint8Array, string]>([
    ['only tensors', () => scope(() => saveSafetensors({ a: tensor([1]) })), 'the file was not made by saveModel'],
    ['bad JSON', () => saveSafetensors({}, { saraf: '{' }), 'the description is not JSON'],
    ['another version', () => bytesOf({ version: 2 }), 'the file has version 2, expected 1'],
    ['no random state', () => bytesOf({ random: { seed: -1, counter: 0 } }), 'the description is damaged'],
    [
      'an unknown layer',
      () => bytesOf({ architecture: { kind: 'Lineal', args: [] } }),
      'the layer Lineal is not known',
    ],
    [
      'a layer by an inherited name',
      () => bytesOf({ architecture: { kind: 'constructor', args: [] } }),
      'is not known',
    ],
    [
      'a layer without arguments',
      () => bytesOf({ architecture: { kind: 'Linear' } }),
      'the arguments of Linear are missing',
    ],
    ['no architecture', () => bytesOf({ architecture: null }), 'the architecture is damaged'],
    [
      'a shared layer that is missing',
      () => bytesOf({ architecture: { kind: 'Sequential', args: [{ shared: 4 }] } }),
      'a shared layer is missing',
    ],
    [
      'an unknown optimizer',
      () => bytesOf({ optimizer: { kind: 'toString', groups: [], numbers: {} } }),
      'the optimizer toString is not known',
    ],
    [
      'an optimizer with other parameters',
      () => bytesOf({ optimizer: { kind: 'SGD', groups: [{ params: ['x'] }], numbers: {} } }),
      "the optimizer's parameter x is missing",
    ],
  ])('refuse %s, and leak nothing', (_, make, message) => {
    const bytes = make();
    const before = memory();
    expect(() => loadModel(bytes)).toThrow(FormatError);
    expect(() => loadModel(bytes)).toThrow(message);
    expect(memory()).toEqual(before);
  });

  it('refuse weights that do not fit', () => {
    const bytes = bytesOf({ architecture: { kind: 'Linear', args: [3, 2] } });
    const before = memory();
    expect(() => loadModel(bytes)).toThrow("weight is [2,2], the model's is [2,3]");
    expect(memory()).toEqual(before);
  });
});

describe('saraf/node', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('writes and reads files', () => {
    const model = new nn.Sequential(new nn.Linear(3, 2));
    const optimizer = new optim.Adam(model.parameters());
    const path = join(dir, 'model.safetensors');
    files.saveModel(model, path, { optimizer, epoch: 7 });
    const saved = files.loadModel(path);
    expect([saved.epoch, saved.optimizer instanceof optim.Adam]).toEqual([7, true]);
    files.saveSafetensors(saved.model.stateDict(), path, { note: 'again' });
    expect(files.loadSafetensors(path)['0.bias']!.toArray()).toEqual(model.stateDict()['0.bias']!.toArray());
    expect(readdirSync(dir)).toEqual(['model.safetensors']);
  });

  it('keeps the old file if the new one cannot be written', () => {
    const path = join(dir, 'model.safetensors');
    writeFileSync(path, 'old');
    expect(() =>
      files.saveModel(
        new nn.Sequential(
          wrong(
            new (class extends nn.Module {
              override forward() {}
            })(),
          ),
        ),
        path,
      ),
    ).toThrow(ArgumentError);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(() => files.saveSafetensors({}, join(dir, 'none', 'x'))).toThrow(`there is no folder ${join(dir, 'none')}`);
    expect(() => files.saveSafetensors({}, dir)).toThrow();
    expect(readdirSync(dir)).toEqual(['model.safetensors']);
    expect(
      readdirSync(join(dir, '..')).filter((name) => name.includes('.tmp') && name.includes(dir.slice(-6))),
    ).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});
