/** Searches by worker threads: they find what one thread finds, failures name their settings, and no worker is left. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ArgumentError, gridSearch, SarafError } from '../../src/index.ts';

const wrong = (x: unknown) => x as never;
const moduleOf = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
/** Larger numbers finish first. */
const slow = moduleOf(`export default async ({ a, b }) => {
  await new Promise((resolve) => setTimeout(resolve, 30 - 10 * a));
  return a * 10 + b.length;
}`);
const space = { a: [1, 2, 3], b: ['x', 'xx'] } as const;

/** The number of worker threads of this process. */
function ports(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('gridSearch with a module', () => {
  it.each([1, 2, 8])('finds with %d workers what one thread finds, in the same order', async (workers) => {
    const before = ports();
    const found = await gridSearch(space, slow, { workers });
    expect(found).toEqual(await gridSearch(space, ({ a, b }) => a * 10 + b.length));
    expect(found.bestParams).toEqual({ a: 3, b: 'xx' });
    expect(ports()).toBe(before);
  });

  it('accepts the address as a text, and can look for the smallest score', async () => {
    const { bestParams } = await gridSearch(space, slow.href, { mode: 'min' });
    expect(bestParams).toEqual({ a: 1, b: 'x' });
  });

  it('imports TypeScript under tsx, with the same scores as in one thread', () => {
    const { href } = new URL('score.ts', import.meta.url);
    const code = `
      import { gridSearch } from './src/index.ts';
      import score from '${href}';
      const space = { hiddenLayerSizes: [[4], [16]], learningRateInit: [1e-3, 0.1] };
      const here = await gridSearch(space, score);
      const there = await gridSearch(space, '${href}', { workers: 2 });
      console.log(JSON.stringify([here, there]));`;
    const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
    });
    const [here, there] = JSON.parse(output);
    expect(here.results).toHaveLength(4);
    expect(new Set(here.results.map(({ score }: { score: number }) => score)).size).toBeGreaterThan(1);
    expect(there).toEqual(here);
  });

  it.each<[string, string, RegExp]>([
    [
      'the function',
      'export default ({ a }) => { if (a === 2) throw new RangeError("no twos"); return a; };',
      /^gridSearch: {"a":2,"b":"xx?"} failed: no twos$/,
    ],
    [
      'a thrown value that is not an error',
      'export default () => { throw "text"; };',
      /^gridSearch: {"a":1,"b":"x"} failed: text$/,
    ],
    [
      'a result that cannot be sent',
      'export default () => () => 1;',
      /^gridSearch: {"a":1,"b":"x"} failed: .*could not be cloned/,
    ],
    ['the module', 'throw new Error("no data");', /^gridSearch: {"a":1,"b":"x"} failed: no data$/],
    [
      'a module without a function',
      'export const score = 1;',
      /the module must export a function by default, got undefined$/,
    ],
    [
      'the worker',
      'export default () => process.exit(3);',
      /^gridSearch: {"a":1,"b":"x"} failed: the worker ended with code 3$/,
    ],
    [
      'a later callback',
      'export default () => new Promise(() => setTimeout(() => { throw new Error("late"); }));',
      /^gridSearch: {"a":1,"b":"x"} failed: late$/,
    ],
  ])('names the settings on a failure of %s', async (_, code, message) => {
    const before = ports();
    const error = await failureOf(gridSearch(space, moduleOf(code), { workers: 1 }));
    expect(error).toBeInstanceOf(SarafError);
    expect(error.message).toMatch(message);
    expect(ports()).toBe(before);
  });

  it('keeps the error of the function as the cause', async () => {
    const code = 'export default () => { throw new RangeError("out"); };';
    const { cause } = await failureOf(gridSearch({ a: [1] }, moduleOf(code)));
    expect((cause as Error).message).toBe('out');
    expect((cause as Error).stack).toMatch(/^RangeError: out\n/);
  });

  it('stops on its signal, even during work that never ends', async () => {
    const before = ports();
    const stuck = moduleOf('export default () => { for (;;); };');
    const signal = AbortSignal.timeout(200);
    expect(await failureOf(gridSearch(space, stuck, { workers: 2, signal }))).toBe(signal.reason);
    expect(ports()).toBe(before);
    const controller = new AbortController();
    const seen: number[] = [];
    const score = ({ a }: { a: number }) => {
      if (seen.push(a) === 2) controller.abort();
      return a;
    };
    const error = await failureOf(gridSearch({ a: [1, 2, 3] }, score, { signal: controller.signal }));
    expect([error.name, seen]).toEqual(['AbortError', [1, 2]]);
    expect(await failureOf(gridSearch(space, slow, { signal: controller.signal }))).toBe(controller.signal.reason);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a function with workers', () => gridSearch(space, () => 1, { workers: 2 }), 'workers need a module'],
    ['no workers', () => gridSearch(space, slow, { workers: 0 }), 'workers must be a whole number of at least 1'],
    [
      'a relative path',
      () => gridSearch(space, './score.js'),
      "a module is given as new URL('./score.js', import.meta.url)",
    ],
    ['neither', () => gridSearch(space, wrong(3)), 'expected a function, or the URL of a module'],
    [
      'functions as settings',
      () => gridSearch({ f: [Math.sin] }, slow),
      'settings for a module must be numbers, texts',
    ],
    [
      'texts as scores',
      () => gridSearch({ a: [1] }, moduleOf('export default () => "x"')),
      'must give a number, got string',
    ],
  ])('refuses %s', async (_, fn, message) => {
    const error = await failureOf(fn());
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
  });
});
