/**
 * What is tested on which executor, as a table that these tests generate: COVERAGE.md. Every primitive of the table
 * of gradient rules and every operation without a gradient runs on every executor and must agree with the reference in
 * double precision; every command of the command table must have run in these checks. A hole fails, and so does a
 * committed table that differs; `npx vitest run test/coverage.test.ts -u` rewrites it.
 */
import { describe, expect, it } from 'vitest';
import { binaryFns } from '../bindings/commands/elementwise.ts';
import { unaryFns } from '../bindings/commands/unary.ts';
import { rules } from '../src/autograd/rules.ts';
import { AutogradError, F } from '../src/index.ts';
import * as operations from '../src/ops/public.ts';
import { ReferenceExecutor } from '../src/reference/executor.ts';
import type { Primitive } from '../src/tape/primitives.ts';
import { allCommands, distance, stages, stageValues, table, valuesOf, watch } from './support/coverage.ts';
import { executors } from './support/executors.ts';
import { creation, fixtures, type GoldenCase, operationFiles } from './support/golden.ts';
import { binaryRows, unaryRows } from './support/oracle.ts';
import { plainCases, programCases } from './support/plainCases.ts';
import { cases, once } from './support/ruleCases.ts';

const doubles = new ReferenceExecutor({ precision: 64 });
const watched = executors.map(([name, executor]) => ({ name, executor, seen: watch(executor) }));

/** Allowed distances between single precision and the exact result, in units of the largest number in it. */
const TOLERANCE = { forward: 1e-5, gradient: 2e-5, 'double backward': 1e-4 };

/** What was found to agree: `row, executor, stage`. */
const passed = new Set<string>();
const key = (...parts: string[]) => parts.join(', ');

describe('primitives with a gradient rule', () => {
  it.each(Object.keys(rules) as Primitive[])('agree on all executors: %s', (primitive) => {
    for (const stage of stages) {
      const isOnce = stage === 'double backward' && once.includes(primitive);
      for (const [i, given] of cases[primitive].entries()) {
        if (isOnce) {
          for (const { executor } of watched) expect(() => stageValues(executor, stage, given)).toThrow(AutogradError);
          continue;
        }
        const exact = stageValues(doubles, stage, given);
        for (const { name, executor } of watched) {
          const d = distance(stageValues(executor, stage, given), exact);
          expect(d, `case ${i}, ${stage} on ${name}`).toBeLessThan(TOLERANCE[stage]);
        }
      }
      if (cases[primitive].length > 0) for (const { name } of watched) passed.add(key(primitive, name, stage));
    }
  });
});

describe.each(Object.entries({ 'operations without a gradient': plainCases, programs: programCases }))(
  '%s',
  (_, all) => {
    it.each(Object.entries(all))('agree on all executors: %s', (row, fn) => {
      const exact = valuesOf(doubles, fn);
      for (const { name, executor } of watched) {
        expect(distance(valuesOf(executor, fn), exact), name).toBeLessThan(TOLERANCE.gradient);
        passed.add(key(row, name, 'forward'));
      }
    });
  },
);

describe('the table', () => {
  const names = watched.map(({ name }) => name);

  it('has no holes', () => {
    const wanted = [
      ...(Object.keys(rules) as Primitive[]).flatMap((primitive) =>
        stages.flatMap((stage) => names.map((name) => key(primitive, name, stage))),
      ),
      ...Object.keys(plainCases).flatMap((row) => names.map((name) => key(row, name, 'forward'))),
    ];
    expect(wanted.filter((cell) => !passed.has(cell))).toEqual([]);
    for (const { name, seen } of watched)
      expect(
        allCommands.filter((command) => !seen.has(command)),
        name,
      ).toEqual([]);
  });

  it('has an oracle, a case and a fixture for everything in it', () => {
    const missing = (all: readonly string[], found: readonly string[]) => all.filter((name) => !found.includes(name));
    const oracle = { unary: unaryRows.map((row) => row.name), binary: binaryRows.map((row) => row.name) };
    expect(missing(unaryFns, oracle.unary), 'functions of one element without a row in oracle.ts').toEqual([]);
    expect(missing(binaryFns, oracle.binary), 'functions of two elements without a row in oracle.ts').toEqual([]);
    const withoutCase = (Object.keys(rules) as Primitive[]).filter((name) => !(cases[name]?.length > 0));
    expect(withoutCase, 'primitives without a case in ruleCases.ts').toEqual([]);
    const called = operationFiles.flatMap((file) => fixtures<GoldenCase>(file).map(({ fn }) => fn));
    expect(missing(Object.keys(operations), [...called, ...creation]), 'operations without a fixture').toEqual([]);
    // dropout2d drops random channels, so it has no fixture; those of bilinear are its layer's.
    const functions = Object.keys(F).filter((name) => name !== 'dropout2d' && name !== 'bilinear');
    const wanted = functions.map((name) => `F.${name}`);
    expect(missing(wanted, called), 'functions of F without a fixture').toEqual([]);
  });

  it('equals the committed one', async () => {
    const cell = (row: string, name: string, stage: string) => {
      if (!passed.has(key(row, name, stage))) return 'HOLE';
      return stage === 'double backward' && once.includes(row as Primitive) ? 'refused' : '✓';
    };
    const rule = Object.keys(rules)
      .sort()
      .map((row) => [row, ...names.flatMap((name) => stages.map((stage) => cell(row, name, stage)))]);
    const plain = Object.keys(plainCases).map((row) => [row, ...names.map((name) => cell(row, name, 'forward'))]);
    const ran = allCommands.map((command) => [
      command,
      ...watched.map(({ seen }) => (seen.has(command) ? '✓' : 'HOLE')),
    ]);
    const short = { forward: 'forward', gradient: 'gradient', 'double backward': 'double' };
    const text = `# What is tested where

Made by \`test/coverage.test.ts\`; \`npx vitest run test/coverage.test.ts -u\` rewrites it. ✓: agrees with the reference in
double precision. refused: an AutogradError says that this gradient cannot be differentiated again; a recurrent layer's
gradient is one kernel over the whole sequence, which has no gradient rule of its own.

## Primitives with a gradient rule

${table(['primitive', ...names.flatMap((name) => stages.map((stage) => `${name}, ${short[stage]}`))], rule)}

## Operations without a gradient

${table(['operation', ...names], plain)}

## Commands, and the functions that some of them take

✓: ran in the checks above.

${table(['command', ...names], ran)}
`;
    await expect(text).toMatchFileSnapshot('./COVERAGE.md');
  });
});
