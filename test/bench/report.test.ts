/** The page of the report: what it takes from the results, and that the committed page contains all of them and loads nothing. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../bench/harness/results.ts';
import type { SuiteResult } from '../../bench/harness/types.ts';
import { fastest, losses, ratios, speedups, throughputs } from '../../bench/report/data.ts';
import { displayName } from '../../bench/report/names.ts';

const timing = (name: string, median: number) => ({ name, median, rounds: [median] });

function result(
  suite: string,
  timings: [string, number][],
  more: Partial<SuiteResult['tasks'][number]> = {},
): SuiteResult {
  return {
    suite,
    title: suite,
    notes: [],
    node: '24.1.0',
    v8: '13',
    date: '2026-01-01',
    machine: 'one',
    command: '',
    rounds: 1,
    quick: false,
    peers: [],
    tasks: [{ name: 'a task', timings: timings.map(([name, ms]) => timing(name, ms)), excluded: {}, ...more }],
  };
}

describe('ratios', () => {
  it('are times divided by saraf, without the peak loop', () => {
    const all = ratios(
      result('gemm', [
        ['saraf', 2],
        ['tfjs-wasm', 5],
        ['peak loop', 1],
        ['PyTorch', 1],
      ]),
    );
    expect(all.map(({ peer, kind, ratio }) => [peer, kind, ratio])).toEqual([
      ['tfjs-wasm', 'wasm', 2.5],
      ['PyTorch', 'native', 0.5],
    ]);
  });

  it('of training are against compiled programs', () => {
    const all = ratios(
      result('mlp-step', [
        ['saraf', 3],
        ['saraf compiled', 2],
        ['plain JS', 20],
      ]),
    );
    expect(all.map(({ peer, ratio }) => [peer, ratio])).toEqual([
      ['saraf eager', 1.5],
      ['plain JS', 10],
    ]);
  });

  it('say which is the fastest of a kind', () => {
    const all = ratios(
      result('gemm', [
        ['saraf', 1],
        ['tfjs-wasm', 3],
        ['jax-js', 2],
        ['plain JS', 9],
      ]),
    );
    expect(fastest(all, 'wasm').get('a task')?.peer).toBe('jax-js');
    expect(fastest(all, 'native').size).toBe(0);
  });
});

it('losses are all peers that are faster on the same number of threads, the fastest first', () => {
  const found = losses([
    result('gemm', [
      ['saraf', 100],
      ['tfjs-wasm', 80],
      ['plain JS', 98],
      ['PyTorch', 50],
      ['PyTorch, 2 threads', 25],
      ['saraf tensor', 60],
    ]),
  ]);
  expect(found.map(({ peer, ratio, node }) => [peer, ratio, node])).toEqual([
    ['PyTorch', 0.5, '24'],
    ['tfjs-wasm', 0.8, '24'],
  ]);
});

it('throughput is in examples per second', () => {
  const [first] = throughputs(result('batch', [['saraf', 4]], { name: 'MLP training, batch 8', samples: 8 }));
  expect(first).toEqual({ panel: 'MLP training', batch: 8, peer: 'saraf', rate: 2000 });
  expect(throughputs(result('batch', [['saraf', 4]]))).toEqual([]);
});

it('threads are compared with one', () => {
  expect(
    speedups(
      result('threads', [
        ['saraf', 2],
        ['saraf, 1 thread', 3],
      ]),
    ),
  ).toEqual([{ task: 'a task', speedup: 1.5 }]);
});

it('names are short and descriptive', () => {
  expect(displayName('n1 112² depthwise 32 k3 s2')).toBe('depthwise 3×3, 32, 112², stride 2');
  expect(displayName('n64 13² 32→64 k3, backward')).toBe('3×3, 32→64, 13², batch 64, backward');
  expect(displayName('512×512 · 512×512 TN')).toBe('product 512³ TN');
  expect(displayName('64×784 · 784×128 NN')).toBe('product 64×784×128 NN');
  expect(displayName('tanh')).toBe('tanh');
});

describe('the committed page', () => {
  const page = readFileSync(new URL('../../bench/report/index.html', import.meta.url), 'utf8');

  it('shows every result file, with its command', () => {
    const results = readResults();
    expect(results.length).toBeGreaterThanOrEqual(28);
    const missing = results.filter(
      ({ title, node, command }) =>
        !page.includes(`<h3>${title}, Node ${node.split('.')[0]}</h3>`) || !page.includes(command),
    );
    expect(missing.map(({ suite, node }) => `${suite}, Node ${node}`)).toEqual([]);
  });

  it('runs no script and loads nothing', () => {
    expect(page.match(/<(script|link|img|iframe)|@import|url\((?!#)|<[^>]+\son[a-z]+=/g)).toBe(null);
    const targets = [...page.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => target!);
    expect(targets.filter((target) => !target.startsWith('#'))).toEqual([]);
    expect(page.length).toBeLessThan(500_000);
  });
});
