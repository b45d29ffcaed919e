/** The runner of the examples: it lists them, runs one by name, and reports failures. `npm run examples` runs the examples themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseXml } from './support/xml.ts';

const folder = mkdtempSync(join(tmpdir(), 'saraf-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

const example = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'examples/run.ts', ...args], { encoding: 'utf8' });

it('lists the examples, each with a sentence', () => {
  const { status, stdout } = example();
  expect(status).toBe(0);
  expect(stdout).toMatch(/^xor +Four hidden neurons learn XOR, which a perceptron cannot\.$/m);
  expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(25);
});

it('runs an example, which checks its result and draws a picture', () => {
  const { status, stdout } = example('xor', folder);
  expect(stdout).toContain('reached: all four within 0.1');
  expect(status).toBe(0);
  expect(parseXml(readFileSync(join(folder, 'xor.svg'), 'utf8')).name).toBe('svg');
});

it('fails where an example fails, and where no example has the name', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(example('perceptron-or', file).status).not.toBe(0);
  const unknown = example('nor');
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain('There is no example nor. There are: activations,');
  expect(existsSync(join(folder, 'perceptron-or.svg'))).toBe(false);
});
