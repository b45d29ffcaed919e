/**
 * Two copies of saraf in one process: the sources, and the built package (`npm run build` first). All examples of the
 * documentation run with tensors, modules and optimizers made by the other copy: each function either refuses them,
 * naming both versions, or works without them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import * as saraf from '../src/index.ts';
import { check } from './support/agrees.ts';
import { root } from './support/documentation.ts';
import { exampleScript } from './support/elsewhere.ts';
import { given } from './support/given.ts';

const other = (await import(/* @vite-ignore */ join(root, 'dist/node/index.js'))) as typeof saraf;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const REFUSED = `of saraf ${version} was given to another copy, saraf ${version}`;

/** What the other copy makes: tensors, and in the second run also the objects that hold them. */
const tensors = 'tensor zeros ones full eye arange linspace rand randn randint randperm'.split(' ');
const runs: [string, string[]][] = [
  ['tensors', tensors],
  ['tensors, modules, optimizers and data sets', [...tensors, 'nn', 'optim', 'data']],
];

type Run = (compare: typeof check, context: () => object) => Promise<void>;
const { code, places } = await exampleScript();
const names = Object.keys(saraf).filter((name) => name !== 'default');
const examplesWith = runInThisContext(`(({ ${names.join(', ')} }) => ${code})`) as (
  scope: object,
) => Record<string, Run>;
/** The values given to the examples, made by the other copy. */
function givenByOther() {
  const { nn, optim, randn, tensor } = other;
  const x = randn(12, 4);
  const y = tensor(Int32Array.from({ length: 12 }, (_, i) => i % 3));
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const { trainer } = given();
  return { x, y, xTrain: x, yTrain: y, xTest: x, yTest: y, model, optimizer, trainer };
}

describe.each(runs)('examples with %s of another copy', (_, makers) => {
  const made = Object.fromEntries(Object.entries(other).filter(([name]) => makers.includes(name)));
  const examples = examplesWith({ ...saraf, ...made });
  const refused: string[] = [];
  it.each(places)('run or are refused: %s', async (place) => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      await examples[place]!(check, givenByOther);
    } catch (error) {
      expect((error as Error).message).toContain(REFUSED);
      refused.push(place);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('are refused where they matter', () => {
    console.log(`${refused.length} of ${places.length} examples refuse values of another copy; the others use none`);
    expect(refused.length).toBeGreaterThan(150);
  });
});

describe('a module of another copy', () => {
  class Net extends saraf.nn.Module {
    own = new saraf.nn.Linear(2, 2);
    foreign = new other.nn.Linear(2, 2);
    override forward() {}
  }

  it.each([
    ['parameters', (net: Net) => net.parameters()],
    ['children', (net: Net) => net.children()],
    ['stateDict', (net: Net) => net.stateDict()],
    ['buffers', (net: Net) => net.buffers()],
    ['modules', (net: Net) => net.modules()],
    ['toString', (net: Net) => String(net)],
    [
      'Trainer',
      (net: Net) =>
        new saraf.Trainer(net, { optimizer: new saraf.optim.SGD(net.parameters(), { lr: 1 }), loss: 'mse' }),
    ],
    [
      'Trainer with an optimizer',
      () => {
        const optimizer = new other.optim.SGD(new other.nn.Linear(1, 1).parameters(), { lr: 1 }) as never;
        return new saraf.Trainer(new saraf.nn.Linear(1, 1), { optimizer, loss: 'mse' });
      },
    ],
    ['keep', () => saraf.keep(other.tensor(1) as never)],
    [
      'a loss',
      () =>
        new saraf.Trainer(new saraf.nn.Linear(1, 1), {
          optimizer: new saraf.optim.SGD(new saraf.nn.Linear(1, 1).parameters(), { lr: 1 }),
          loss: new other.nn.MSELoss() as never,
        }),
    ],
    [
      'a field',
      () => {
        (new saraf.nn.Linear(1, 1) as { weight: unknown }).weight = new other.nn.Parameter(other.zeros(1, 1));
      },
    ],
    [
      'a transform',
      () => new saraf.data.transforms.Compose([new other.data.transforms.RandomHorizontalFlip() as never]),
    ],
    ['a data set', () => new saraf.data.DataLoader(new other.data.TensorDataset(other.zeros(2, 1)) as never)],
    [
      'a schedule',
      () =>
        new saraf.optim.lrScheduler.StepLR(new other.optim.SGD([other.zeros(1)], { lr: 1 }) as never, { stepSize: 1 }),
    ],
    ['move', () => saraf.move(new other.nn.Linear(1, 1) as never, 'wasm')],
  ])('is refused by %s', async (_, use) => {
    await expect((async () => use(new Net()))()).rejects.toThrow(REFUSED);
  });

  it('is named in an error that says what to do', () => {
    expect(() => new Net().parameters()).toThrow(/^a Linear of saraf .*npm ls saraf.*npm dedupe.*import or require/);
  });
});
