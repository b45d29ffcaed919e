/** The command `saraf`: its arguments, its output, and that its benchmark problems give the same results everywhere. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { benchTable } from '../../src/cli/bench.ts';
import { infoText } from '../../src/cli/info.ts';
import { problems } from '../../src/cli/problems.ts';
import { init, memory } from '../../src/index.ts';

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

function saraf(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--import', 'tsx', join(root, 'src/cli/index.ts'), ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8', cwd: root, timeout: 60_000 });
}

describe('arguments', () => {
  test('--version and --help', () => {
    expect(saraf('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    const { status, stdout } = saraf('--help');
    expect([status, stdout]).toEqual([0, expect.stringContaining('saraf bench')]);
  });

  test.each([
    [[], 'no command given'],
    [['train'], 'there is no command train'],
    [['info', 'bench'], 'one command at a time, got info bench'],
    [['info', '--fast'], "Unknown option '--fast'"],
    [['info', '--threads', '2'], '--threads is for saraf bench'],
    [['bench', '--threads', '0'], '--threads must be a whole number from 1 to 99 or auto, got 0'],
  ])('%j is refused', (args, message) => {
    const { status, stdout, stderr } = saraf(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')[0]).toBe(`saraf: ${message}`);
  });
});

test('info prints the runtime, the kernels, the threads and the GPU', () => {
  const { status, stdout } = saraf('info', '--json');
  const found = JSON.parse(stdout);
  expect(status).toBe(0);
  expect(found).toMatchObject({ version, engine: `Node ${process.versions.node}`, device: 'wasm', runtime: 'node' });
  expect(found.gpu === null).toBe(found.gpuNote !== undefined);
  const text = infoText({ ...found, threads: 2, gpu: null, gpuNote: 'there is none' });
  expect(text.split('\n').slice(-2)).toEqual(['threads     2', 'WebGPU      none: there is none']);
});

test.each(problems.map((problem) => [problem.name, problem] as const))(
  '%s gives the same result in plain JavaScript',
  async (_, problem) => {
    await init({ device: 'wasm' });
    const before = memory().tensors;
    const [own, plain] = [problem.saraf(), problem.plain()];
    for (const contender of [own, plain]) contender.run();
    const [a, b] = [own.result(), plain.result()];
    const largest = Array.from(b).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const worst = Array.from(a).reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
    own.dispose();
    expect(a.length).toBe(b.length);
    expect(largest).toBeGreaterThan(0);
    expect(worst).toBeLessThan(1e-4 * largest);
    expect(memory().tensors).toBe(before);
  },
);

test('the table shows times, and ratios to the first column', () => {
  const report = { problems: [{ name: 'product', milliseconds: { saraf: 0.5, reference: 2, 'plain JS': 1500 } }] };
  expect(benchTable(report).split('\n')).toEqual([
    '           saraf        reference         plain JS',
    'product   500 µs   2.00 ms (4.0×)   1.50 s (3000×)',
  ]);
});
