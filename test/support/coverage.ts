/**
 * What runs on an executor, for the coverage table: the values of a case, and every opcode and every function of a
 * family that ran for them.
 */

import { binaryFns } from '../../bindings/commands/elementwise.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { adaptiveFns } from '../../bindings/commands/optim.ts';
import { randomFns } from '../../bindings/commands/random.ts';
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { argReduceFns, reduceFns } from '../../bindings/commands/reduce.ts';
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { unaryFns } from '../../bindings/commands/unary.ts';
import type { Executor } from '../../bindings/executor.ts';
import { grad, manualSeed, scope, type Tensor } from '../../src/index.ts';
import { moveTo } from '../../src/ops/index.ts';
import { type Command, parse } from '../../src/program/commands.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { type Case, gradientOf, points } from './ruleCases.ts';

/** The field of a command that selects a function, and the functions. */
const families: Partial<Record<Opcode, [field: string, names: readonly string[]]>> = {
  unary: ['fn', unaryFns],
  binary: ['fn', binaryFns],
  reduce: ['fn', reduceFns],
  argReduce: ['fn', argReduceFns],
  random: ['fn', randomFns],
  adaptive: ['fn', adaptiveFns],
  recurrent: ['kind', recurrentKinds],
  recurrentGrad: ['kind', recurrentKinds],
  gemm: ['activation', activations],
  conv: ['activation', activations],
};

/** All opcodes, and `opcode name` for each function of a family. */
export const allCommands: string[] = opcodes.flatMap((opcode) => [
  opcode,
  ...(families[opcode]?.[1] ?? []).map((name) => `${opcode} ${name}`),
]);

function note(commands: readonly Command[], seen: Set<string>): void {
  for (const command of commands) {
    const { opcode } = command;
    seen.add(opcode);
    const family = families[opcode];
    if (family) seen.add(`${opcode} ${family[1][command.get(family[0])]}`);
    note(command.parts, seen);
  }
}

/** Records what this executor runs from now on. */
export function watch(executor: Executor): Set<string> {
  const seen = new Set<string>();
  const run = executor.run.bind(executor);
  const load = executor.load.bind(executor);
  executor.run = () => {
    note(parse(executor.program.words, executor.program.length), seen);
    run();
  };
  executor.load = (words, commands) => {
    note(parse(words, words.length), seen);
    return load(words, commands);
  };
  return seen;
}

/** All elements of the results of `fn` on an executor, with the same random numbers every time. */
export function valuesOf(executor: Executor, fn: () => Tensor[]): number[][] {
  return scope(() =>
    withExecutor(executor, () => {
      manualSeed(7);
      return fn().map((t) => Array.from(t.dataSync()));
    }),
  );
}

function onExecutor(executor: Executor, tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((t) => {
    const there = moveTo(t.detach(), executor);
    const own = there === t ? t.detach() : there;
    own.requiresGrad = t.requiresGrad;
    return own;
  });
}

export const stages = ['forward', 'gradient', 'double backward'] as const;
export type Stage = (typeof stages)[number];

/** The values of a stage of a case on an executor: the result, its gradients, or the gradients of these. */
export function stageValues(executor: Executor, stage: Stage, [fn, ...given]: Case): number[][] {
  return valuesOf(executor, () => {
    const inputs = onExecutor(executor, given);
    const y = fn(...inputs);
    if (stage === 'forward') return [y];
    const [upstream] = onExecutor(executor, [points([...y.shape], -1.2, 1.4, 2.5)]);
    const wanted = inputs.filter((x) => x.requiresGrad);
    if (stage === 'gradient') return grad(y, wanted, { gradOutputs: upstream!.detach() });
    return grad(gradientOf(fn)(upstream!, ...inputs), [upstream!, ...wanted]);
  });
}

/** The largest distance of two lists of results, in units of the largest number there; ∞ where lengths or special values differ. */
export function distance(got: readonly number[][], exact: readonly number[][]): number {
  if (got.length !== exact.length) return Infinity;
  let worst = 0;
  got.forEach((values, i) => {
    const other = exact[i]!;
    if (values.length !== other.length) worst = Infinity;
    const size = other.reduce((max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max), 1);
    values.forEach((value, j) => {
      if (Object.is(value, other[j])) return;
      const d = Math.abs(value - other[j]!) / size;
      worst = Math.max(worst, Number.isFinite(d) ? d : Infinity);
    });
  });
  return worst;
}

/** A Markdown table with its columns in line. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]!.length), 3));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(width[i]!)).join(' | ')} |`;
  return [line(header), `| ${width.map((w) => '-'.repeat(w)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
