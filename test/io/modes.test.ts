/** What a file stores about a model besides architecture and weights, and how damaged and older files are read. */
import { expect, it } from 'vitest';
import {
  FormatError,
  loadModel,
  loadSafetensors,
  nn,
  optim,
  randn,
  saveModel,
  saveSafetensors,
  scope,
} from '../../src/index.ts';
import { safetensorsMetadata } from '../../src/io/safetensors.ts';

function net(): nn.Sequential {
  return new nn.Sequential(
    new nn.Linear(3, 3),
    new nn.BatchNorm1d(3),
    new nn.Dropout(0.5),
    new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(0.5)),
  );
}

/** The same file with another description. */
function changed(bytes: Uint8Array, change: (description: Record<string, unknown>) => void): Uint8Array {
  const description = JSON.parse(safetensorsMetadata(bytes).saraf!) as Record<string, unknown>;
  change(description);
  return saveSafetensors(loadSafetensors(bytes), { saraf: JSON.stringify(description) });
}

const modes = (model: nn.Module) => model.modules().map(({ training }) => training);
const learning = (model: nn.Module) => model.parameters().map(({ requiresGrad }) => requiresGrad);

it('a model in evaluation mode stays in evaluation mode', () => {
  const model = net().eval();
  const { model: loaded } = loadModel(saveModel(model));
  expect(loaded.training).toBe(false);
  const x = randn(4, 3);
  const run = (m: nn.Module) => scope(() => (m as nn.Sequential).forward(x).toArray());
  expect(run(loaded)).toEqual(run(model));
  expect(run(loaded)).toEqual(run(loaded));
});

it('frozen parameters stay frozen, and the optimizer does not change them', () => {
  const model = net();
  model[0]!.requiresGrad_(false);
  model[1]!.eval();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const { model: loaded, optimizer: again } = loadModel(saveModel(model, { optimizer }));
  expect(learning(loaded)).toEqual(learning(model));
  expect(modes(loaded)).toEqual(modes(model));
  const frozen = loaded.parameters()[0]!.toArray();
  scope(() => (loaded as nn.Sequential).forward(randn(4, 3)).square().sum().backward());
  again!.step();
  expect(loaded.parameters()[0]!.toArray()).toEqual(frozen);
});

it('shared parameters stay shared', () => {
  const model = net();
  const [one, other] = [model[0] as nn.Linear, (model[3] as nn.Sequential)[0] as nn.Linear];
  Object.assign(other, { weight: one.weight, bias: one.bias });
  const optimizer = new optim.Adam(model.parameters());
  const { model: loaded, optimizer: again } = loadModel(saveModel(model, { optimizer }));
  expect(Array.from(loaded.namedParameters(), ([name]) => name)).toEqual(
    Array.from(model.namedParameters(), ([name]) => name),
  );
  const twins = loaded as nn.Sequential;
  expect(((twins[3] as nn.Sequential)[0] as nn.Linear).weight).toBe((twins[0] as nn.Linear).weight);
  const x = randn(4, 3);
  for (const [m, o] of [
    [model, optimizer],
    [loaded, again!],
  ] as const) {
    m.eval();
    scope(() => {
      (m as nn.Sequential).forward(x).square().sum().backward();
    });
    o.step();
  }
  const values = (m: nn.Module) => Object.values(m.stateDict()).map((t) => t.toArray());
  expect(values(loaded)).toEqual(values(model));
});

it('older files load as before: all modules are in training mode, all parameters learn', () => {
  const model = net().eval().requiresGrad_(false);
  const bytes = changed(saveModel(model), (description) => {
    for (const name of ['evaluating', 'frozen', 'tied']) delete description[name];
  });
  const { model: loaded } = loadModel(bytes);
  expect(modes(loaded)).not.toContain(false);
  expect(learning(loaded)).not.toContain(false);
});

it('settings that are missing in older files of optimizers have their defaults', () => {
  const model = net();
  const optimizer = new optim.NAdam(model.parameters(), { lr: 0.5 });
  const bytes = changed(saveModel(model, { optimizer }), (description) => {
    const { groups } = description.optimizer as { groups: Record<string, unknown>[] };
    for (const group of groups) {
      delete group.maximize;
      delete group.decoupledWeightDecay;
    }
  });
  expect(loadModel(bytes).optimizer!.paramGroups[0]).toMatchObject({
    lr: 0.5,
    maximize: false,
    decoupledWeightDecay: false,
  });
});

it.each([
  ['evaluating', 'all'],
  ['evaluating', ['9']],
  ['evaluating', [3]],
  ['evaluating', null],
  ['frozen', ['0.weight', '0.mass']],
  ['frozen', { length: 1 }],
  ['tied', ['0.weight']],
  ['tied', [['0.weight']]],
  ['tied', [['0.weight', '9.weight']]],
  ['tied', [['0.weight', '0.bias']]],
  ['tied', [['1.running_mean', '1.weight']]],
  ['tied', [['__proto__', 'constructor']]],
])('a file whose %s is %j is damaged', (name, value) => {
  const bytes = changed(saveModel(net()), (description) => {
    description[name] = value;
  });
  expect(() => loadModel(bytes)).toThrow(FormatError);
  expect(() => loadModel(bytes)).toThrow('names parts of another model');
});
