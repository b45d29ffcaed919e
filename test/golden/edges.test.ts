/** Functions at special arguments (ties, limits, ±0, ±∞, NaN, very large numbers): values and gradients are PyTorch's, on all executors. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as saraf from '../../src/index.ts';
import { F, grad, scope, type Tensor, tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

type Numbers = (number | string)[];

interface Edge {
  kind: 'unary' | 'binary' | 'ternary' | 'row';
  name: string;
  inputs: Numbers[];
  output: Numbers;
  gradients: (Numbers | null)[];
}

const edges = readFileSync(new URL('edges.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Edge);

const decode = (values: Numbers) =>
  values.map((v) => (v === 'nan' ? Number.NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : (v as number)));

type Fn = (...inputs: Tensor[]) => Tensor;
const lossFn =
  (name: string, options = {}): Fn =>
  (x, y) =>
    (F as unknown as Record<string, (x: Tensor, y: Tensor, options: object) => Tensor>)[name]!(x!, y!, {
      reduction: 'none',
      ...options,
    });

/** Functions that have other names or arguments here. */
const named: Record<string, Fn> = {
  'unary clamp': (x) => x!.clamp(-1, 2),
  'unary clampMin': (x) => x!.clamp(0),
  'unary clampMax': (x) => x!.clamp(-Infinity, 0),
  'unary addScalar': (x) => x!.add(2),
  'unary rsubScalar': (x) => saraf.sub(2, x!),
  'unary mulScalar': (x) => x!.mul(0),
  'unary divScalar': (x) => x!.div(2),
  'unary rdivScalar': (x) => saraf.div(2, x!),
  'unary geluTanh': (x) => F.gelu(x!, { approximate: 'tanh' }),
  'unary elu(2)': (x) => F.elu(x!, { alpha: 2 }),
  'unary celu(2)': (x) => F.celu(x!, { alpha: 2 }),
  'unary leakyRelu(0)': (x) => F.leakyRelu(x!, { negativeSlope: 0 }),
  'unary leakyRelu(2)': (x) => F.leakyRelu(x!, { negativeSlope: 2 }),
  'unary softplus(2)': (x) => F.softplus(x!, { beta: 2, threshold: 5 }),
  'unary hardtanh(-2,3)': (x) => F.hardtanh(x!, { minVal: -2, maxVal: 3 }),
  'binary clampMin': (x, y) => saraf.clamp(x!, y),
  'binary clampMax': (x, y) => saraf.clamp(x!, undefined, y),
  'binary where': (x, y) => saraf.where(x!.gt(y!), x!, y!),
  'binary prelu': (x, y) =>
    saraf.stack([...Array(x!.numel).keys()].map((i) => F.prelu(x!.select(0, i), y!.select(0, i)))),
  'binary klDivLog': lossFn('klDiv', { logTarget: true }),
  'ternary clamp': (x, low, high) => saraf.clamp(x!, low, high),
  'row maxDim': (x) => x!.max(0).values,
  'row minDim': (x) => x!.min(0).values,
  'row logsumexp': (x) => x!.logsumexp(0),
  'row cumsum': (x) => x!.cumsum(0),
  'row sort': (x) => x!.sort().values,
};

function functionOf({ kind, name }: Edge): Fn {
  const given = named[`${kind} ${name}`];
  if (given !== undefined) return given;
  const [, stem, argument] = /^(\w+)(?:\((.*)\))?$/.exec(name)!;
  const number = argument === 'inf' ? Infinity : argument === '-inf' ? -Infinity : Number(argument);
  if (stem === 'pow') return argument === undefined ? (x, y) => x!.pow(y!) : (x) => x!.pow(number);
  if (stem === 'rpow') return (x) => saraf.pow(number, x!);
  if (stem === 'variance' || stem === 'std')
    return (x) => x![stem](undefined, argument === undefined ? {} : { correction: number });
  if (stem === 'norm') return (x) => x!.norm(undefined, { p: number });
  if (kind === 'binary' && stem! in F && stem!.match(/Loss|klDiv|Entropy/)) return lossFn(stem!);
  const fn = (stem! in saraf ? saraf : F) as unknown as Record<string, Fn>;
  return fn[stem!]!;
}

/** Within a tolerance; exact if not finite. */
function isClose(got: number, expected: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(got);
  if (!Number.isFinite(expected)) return got === expected;
  return Math.abs(got - expected) <= 2e-6 * (1 + Math.abs(expected));
}

/** Where saraf differs from PyTorch, and why. */
const EXCEPTIONS: [RegExp, string][] = [
  [/^unary gelu\(inf\) value|^unary geluTanh\(-?1e\+30\) gradient/, 'PyTorch gives NaN where the limit is known'],
  [/^row logsumexp\(\[1e\+30/, 'PyTorch: the shares of two equal elements add up to 2'],
  [/^unary hardswish\(nan\) gradient/, 'NaN instead of the slope of large numbers'],
  [/^binary binaryCrossEntropyWithLogits\(-?inf,.* value/, 'both are NaN or infinite; the sum is written differently'],
  [/^row variance.*gradient/, 'NaN instead of ±∞ where the variance is not finite'],
  [/^row std\(\[1e\+30/, 'squares are added in float32'],
  [/^row norm\(0\.5\)\(\[inf,-inf,0\]\) gradient/, '0 instead of NaN at an element that is 0'],
];

describe.each(executors)('values and gradients at special arguments on %s', (_, executor) => {
  it("are PyTorch's", () => {
    const failures: string[] = [];
    for (const edge of edges) {
      withExecutor(executor, () =>
        scope(() => {
          const inputs = edge.inputs.map((values) => tensor(decode(values), { requiresGrad: true }));
          const compare = (what: string, got: ArrayLike<number>, expected: ArrayLike<number>) => {
            Array.from(expected).forEach((value, i) => {
              const at = edge.inputs.map((values) => (edge.kind === 'row' ? `[${values}]` : values[i]));
              if (!isClose(got[i]!, value))
                failures.push(`${edge.kind} ${edge.name}(${at}) ${what}: ${got[i]}, PyTorch ${value}`);
            });
          };
          const y = functionOf(edge)(...inputs);
          compare('value', y.dataSync(), decode(edge.output));
          if (!y.requiresGrad) return;
          const gradients = grad(y, inputs, { gradOutputs: saraf.full([...y.shape], 2) });
          gradients.forEach((g, i) => {
            const expected = edge.gradients[i];
            // Where PyTorch gives none, it is zero.
            compare(`gradient ${i}`, g.dataSync(), expected ? decode(expected) : inputs[i]!.dataSync().map(() => 0));
          });
        }),
      );
    }
    expect(failures.filter((failure) => !EXCEPTIONS.some(([pattern]) => pattern.test(failure)))).toEqual([]);
  });
});
