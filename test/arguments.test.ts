/** No public function, constructor or method ignores what it is given: surplus arguments and misspelt options are refused. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  F,
  memory,
  neg,
  nn,
  ones,
  relu,
  SarafError,
  softmax,
  sum,
  type Tensor,
  tensor,
} from '../src/index.ts';
import { callCases, needed } from './support/callCases.ts';
import { type PublicFunction, publicFunctions } from './support/walk.ts';

const all = publicFunctions();
const isVariadic = ({ parameters }: PublicFunction) => parameters.some((name) => name.startsWith('...'));

/** What a call throws, at once or later: an asynchronous function when awaited, a generator at its first step. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    const result = call() as { next?: () => unknown } | null | undefined;
    if (typeof result?.next === 'function') result.next();
    await result;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Errors are made by the library itself. */
const isError = ({ name }: PublicFunction) => /^new \w+Error$/.test(name);

describe('surplus arguments', () => {
  const counted = all.filter((one) => !isVariadic(one) && !isError(one));

  it(`are refused by ${counted.length} functions, constructors and methods`, async () => {
    expect(counted.length).toBeGreaterThan(1800);
    const silent: string[] = [];
    for (const { name, parameters, call } of counted) {
      const count = parameters.length + 1;
      const error = await errorOf(() => call(Array.from({ length: count }, (_, i) => (i < count - 1 ? undefined : 1))));
      const isRefused =
        error instanceof ArgumentError && new RegExp(`: takes .*, got ${count}( |$)`).test(error.message);
      if (!isRefused) silent.push(`${name}(${parameters.join(', ')}): ${String(error)}`);
    }
    expect(silent).toEqual([]);
  });

  it('are not reported where there are none', async () => {
    const wrong: string[] = [];
    for (const { name, parameters, call } of counted) {
      if (/Trainer|node\.|save|load|init$|new nn|mnist|imdb/.test(name)) continue;
      const error = await errorOf(() => call(Array.from({ length: parameters.length })));
      if (error instanceof ArgumentError && /: takes .*, got/.test(error.message))
        wrong.push(`${name}: ${error.message}`);
    }
    expect(wrong).toEqual([]);
  });

  const x = () => ones(2, 3);
  const variadic: Record<string, () => unknown> = {
    'Tensor.reshape': () => all.find(({ name }) => name === 'Tensor.reshape')!.call([[3, 2], 6], x()),
    'Tensor.view': () => all.find(({ name }) => name === 'Tensor.view')!.call([[3, 2], 6], x()),
    'Tensor.permute': () => all.find(({ name }) => name === 'Tensor.permute')!.call([[1, 0], 2], x()),
    'Tensor.expand': () => all.find(({ name }) => name === 'Tensor.expand')!.call([[2, 3], 1], x()),
    'Tensor.repeat': () => all.find(({ name }) => name === 'Tensor.repeat')!.call([[1, 1], 2], x()),
    'Tensor.flip': () => all.find(({ name }) => name === 'Tensor.flip')!.call([[0], 1], x()),
    arange: () => call('arange', 0, 4, 1, {}, 5),
    eye: () => call('eye', 2, {}, 5),
    ones: () => call('ones', [2], {}, 5),
    zeros: () => call('zeros', [2], {}, 5),
    rand: () => call('rand', [2], {}, 5),
    randn: () => call('randn', [2], {}, 5),
    'data.new TensorDataset': () => call('data.new TensorDataset', x(), 5),
    'data.trainTestSplit': () => call('data.trainTestSplit', x(), {}, 5),
    'nn.new Sequential': () => call('nn.new Sequential', new nn.ReLU(), 5),
    'nn.Graph.apply': () => new nn.Graph().apply(new nn.ReLU(), 5 as never),
    'nn.Graph.add': () => new nn.Graph().add(5 as never),
    'nn.GraphModel.forward': () => {
      const g = new nn.Graph();
      const input = g.input([3]);
      return g.model({ inputs: [input], outputs: [g.apply(new nn.ReLU(), input)] }).forward(x(), x());
    },
  };

  function call(name: string, ...args: unknown[]): unknown {
    return all.find((one) => one.name === name)!.call(args);
  }

  it('are refused by functions that take lists', async () => {
    const seen = new Set<unknown>();
    const names = all.filter((one) => isVariadic(one) && !seen.has(one.of) && seen.add(one.of)).map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(variadic).sort());
    for (const [name, fn] of Object.entries(variadic)) expect(await errorOf(fn), name).toBeInstanceOf(SarafError);
  });
});

/** Parameters that are numbers. */
const NUMBERS =
  'dim dim0 dim1 k n start end step index low high mean std gain p size min max lambda kernelSize outputSize numClasses numGroups seed factor'.split(
    ' ',
  );

/** Options that may be null, by the names of the operations; for all others null is refused. */
const NULLABLE: Record<string, string[]> = {
  'F.batchNorm': ['weight', 'bias'],
  'F.instanceNorm': ['weight', 'bias', 'runningMean', 'runningVar'],
  'F.layerNorm': ['weight', 'bias'],
  'F.rmsNorm': ['weight', 'eps'],
  'F.groupNorm': ['weight', 'bias'],
  'F.scaledDotProductAttention': ['attnMask'],
  'nn.MultiheadAttention.forward': ['keyPaddingMask', 'attnMask'],
  'nn.TransformerEncoderLayer.forward': ['srcMask', 'srcKeyPaddingMask'],
  'nn.new BatchNorm1d': ['momentum'],
  'nn.new RMSNorm': ['eps'],
  'nn.new BatchNorm2d': ['momentum'],
  'nn.new InstanceNorm2d': ['momentum'],
  'metrics.f1': ['average'],
  'metrics.precision': ['average'],
  'metrics.recall': ['average'],
  'metrics.rocAuc': ['average'],
  'metrics.averagePrecision': ['average'],
  'metrics.confusionMatrix': ['normalize'],
  'optim.new LBFGS': ['lineSearchFn'],
  'new LogisticRegression': ['penalty'],
};

/** Options that are one of a few names, and some that are true or false. Both refuse names that every object has, such as 'toString'. */
const NAMES =
  'reduction mode approximate nonlinearity activation average multiClass normalize padding interpolation roundingMode dtype device annealStrategy lineSearchFn handleUnknown paddingMode penalty solver learningRate multioutput precision truncating yScale optimizer loss metrics'.split(
    ' ',
  );
const FLAGS = 'keepdim shuffle ceilMode requiresGrad maximize batchFirst affine training nesterov'.split(' ');

describe('options and numbers', () => {
  const seen = new Set<unknown>();
  const own = all.filter((one) => !seen.has(one.of) && seen.add(one.of) && !isError(one));
  const wanting = own.filter(({ parameters }) =>
    parameters.some((name) => name === 'options' || NUMBERS.includes(name)),
  );

  it('all have a case', () => {
    expect(wanting.map(({ name }) => name).filter((name) => !(name in callCases))).toEqual([]);
    const names = new Set(own.map(({ name }) => name));
    expect(Object.keys(callCases).filter((name) => !names.has(name))).toEqual([]);
  });

  const cases = own.filter(({ name }) => name in callCases);
  const isMethod = (name: string) =>
    !name.includes('new ') && /(^|\.)[A-Z]\w+\.[a-z]\w*$/.test(name) && !name.startsWith('F.');
  /** Runs a case with different arguments. */
  const run = ({ name, call }: PublicFunction, change: (args: unknown[]) => unknown[]) =>
    errorOf(() => {
      const args = callCases[name]!();
      const self = isMethod(name) ? (args.shift() as object) : undefined;
      return call(change(args), self);
    });
  const optionsAt = ({ name, parameters }: PublicFunction) =>
    name.startsWith('Trainer.')
      ? Math.max(2, parameters.indexOf('options') + 1) - (name.endsWith('predict') ? 1 : 0)
      : parameters.indexOf('options');
  const withOptions = cases.filter((one) => optionsAt(one) >= 0);

  it(`${withOptions.length} refuse misspelt options, and null where it has no meaning`, async () => {
    expect(withOptions.length).toBeGreaterThan(220);
    const silent: string[] = [];
    for (const one of withOptions) {
      const at = optionsAt(one);
      const given = (options: object) =>
        run(one, (args) => [...args.slice(0, at), { ...needed[one.name]?.(), ...options }]);
      const error = await given({ mispelt: 1 });
      if (!(error instanceof SarafError && error.message.includes('unknown option mispelt')))
        silent.push(`${one.name}: ${String(error)}`);
      const known = /\(known: (.*?)\)/.exec(String(error))?.[1]?.split(', ') ?? [];
      for (const name of known) {
        if (!NAMES.includes(name) && !FLAGS.includes(name)) continue;
        // Losses check their reduction when they are called; `normalize` is true or false in other metrics.
        if (/^nn\.new \w+Loss$|^compile$/.test(one.name) || (name === 'normalize' && !one.name.endsWith('Matrix')))
          continue;
        const refusal = await given({ [name]: 'constructor' });
        if (!(refusal instanceof SarafError)) silent.push(`${one.name}, ${name}: ${String(refusal)}`);
      }
      const nullable = NULLABLE[one.name] ?? [];
      for (const name of known) {
        if (nullable.includes(name)) continue;
        const refusal = await given({ [name]: null });
        if (!(refusal instanceof SarafError)) silent.push(`${one.name}, ${name}: null: ${String(refusal)}`);
      }
    }
    expect(silent).toEqual([]);
  });

  it('refuse an object in place of a number, and a string or null in place of options', async () => {
    const silent: string[] = [];
    let numbers = 0;
    for (const one of cases) {
      const args = callCases[one.name]!().slice(isMethod(one.name) ? 1 : 0);
      for (const [at, value] of args.entries()) {
        if (typeof value !== 'number') continue;
        numbers++;
        const error = await run(one, (list) => list.map((other, i) => (i === at ? { mispelt: 1 } : other)));
        if (!(error instanceof SarafError)) silent.push(`${one.name}, argument ${at}: ${String(error)}`);
      }
      const at = optionsAt(one);
      if (at < 0) continue;
      for (const wrong of ['text', null, 7, false, []]) {
        const error = await run(one, (list) => [...list.slice(0, at), wrong]);
        if (!(error instanceof SarafError)) silent.push(`${one.name}, options ${String(wrong)}: ${String(error)}`);
      }
    }
    expect(silent).toEqual([]);
    expect(numbers).toBeGreaterThan(120);
  });

  it('the cases work', async () => {
    const failing: string[] = [];
    for (const one of cases) {
      if (/init$|imageFolder|mnist/.test(one.name)) continue;
      const error = await run(one, (args) => (one.name in needed ? [...args, needed[one.name]!()] : args));
      if (error !== undefined) failing.push(`${one.name}: ${String(error)}`);
    }
    expect(failing).toEqual([]);
  });
});

describe('a call written as in PyTorch, or made by Array.map,', () => {
  it('works where it is unambiguous', () => {
    const list = [tensor([-1, 2]), tensor([3, -4])];
    for (const fn of [F.relu6, F.sigmoid, F.silu, neg]) expect(list.map(fn as never)).toHaveLength(2);
    expect(list.map(relu as never).map((t) => (t as Tensor).toArray())).toEqual([
      [0, 2],
      [3, 0],
    ]);
    for (const fn of [F.gelu, F.softmax, softmax, sum])
      expect(() => list.map(fn as never)).toThrow(`write (x) => ${fn.name}(x)`);
  });

  it('is refused with a helpful message', () => {
    const make = (Kind: unknown, ...args: unknown[]) => Reflect.construct(Kind as new () => object, args);
    expect(() => make(nn.Linear, 3, 4, false)).toThrow(
      'Linear: options must be an object such as { bias: false }, got false',
    );
    expect(() => make(nn.Conv2d, 1, 8, 3, 1)).toThrow('Conv2d: options must be an object such as { stride: 1 }, got 1');
    expect(() => make(nn.Conv2d, 1, 8, 3, 1, 1)).toThrow(
      'Conv2d: takes at most 4 arguments, got 5 (optional arguments are given by name, in one object: { name: value })',
    );
    expect(() => make(nn.ReLU, true)).toThrow('ReLU: takes no arguments, got 1');
    expect(() => (ones(2).scatterAdd as (...args: unknown[]) => unknown)(0, 0, 0, { reduce: 'mean' })).toThrow(
      'scatterAdd: takes at most 3 arguments, got 4 (it has no options reduce there)',
    );
  });

  it('leaks nothing', () => {
    const before = memory();
    expect(() => (relu as (...args: unknown[]) => unknown)(1, 2)).toThrow('relu: takes 1 argument, got 2');
    expect(memory()).toEqual(before);
  });
});
