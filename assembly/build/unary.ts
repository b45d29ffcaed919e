/**
 * Makes the code that follows from the table of functions of one element (bindings/commands/unary.ts): the kernels' marker classes and
 * dispatch, and, of those that tensors have under their name, the functions and the methods. Run by the build.
 */
import { readFileSync } from 'node:fs';
import { type MathRow, type UnaryRow, unaryRows } from '../../bindings/commands/unary.ts';
import { pascal } from './names.ts';
import { importsOf } from './sources.ts';

const header = '// Made by assembly/build/unary.ts from bindings/commands/unary.ts. Do not edit.\n';
const rows: [name: string, row: UnaryRow][] = Object.entries(unaryRows);
const mathRows = rows.filter((entry): entry is [string, MathRow] => 'saves' in entry[1]);
/** The comments of these rows. They are not in the rows, because what is there is in every bundle. */
const table = readFileSync(new URL('../../bindings/commands/unary.ts', import.meta.url), 'utf8');
const docs = new Map(
  Array.from(table.matchAll(/\/\*\* (.*) \*\/\n {2}(\w+): math\(/g), ([, doc, name]) => [name, doc]),
);

function docOf(name: string): string {
  const doc = docs.get(name);
  if (doc === undefined) throw new Error(`unary: the row ${name} has no comment, which is the TSDoc of its function`);
  return doc;
}

/** AssemblyScript: one marker class per function. */
export function markers(): string {
  return `${header}${rows.map(([name]) => `export class ${pascal(name)} {}`).join('\n')}\n`;
}

/** AssemblyScript: from a marker to its code. */
export function unaryOp(): string {
  const operands = (row: UnaryRow) => ['x', 'p0', 'p1'].slice(0, row.of.length).join(', ');
  return `${header}import { ${rows.map(([name]) => pascal(name)).join(', ')} } from './markers';
${importsOf(rows.map(([name]) => `${name}4`))}
/** fn of four elements; p0 and p1 in all lanes. Folds to that function's code when it is compiled, so a loop over it has no dispatch inside. */
// @ts-ignore: decorator
@inline
export function unaryOp<F>(x: v128, p0: v128, p1: v128): v128 {
${rows.map(([name, row]) => `  if (idof<F>() == idof<${pascal(name)}>()) return ${name}4(${operands(row)});`).join('\n')}
  return unreachable();
}
`;
}

/** AssemblyScript: from a function's number to its loop. */
export function unaryDispatch(): string {
  const long = rows.filter(([, row]) => row.isLong).map(([name]) => `    case UnaryFn.${name}:\n`);
  return `${header}import { map } from '../elementwise/map';
import { UnaryFn } from './commands';
import { ${rows.map(([name]) => pascal(name)).join(', ')} } from './markers';

/** y[i] = fn(x[i]). */
export function unary(fn: u32, x: usize, y: usize, n: u32, p0: u32, p1: u32): void {
  switch (fn) {
${rows.map(([name]) => `    case UnaryFn.${name}:\n      return map<${pascal(name)}>(x, y, n, p0, p1);`).join('\n')}
    default:
      unreachable();
  }
}

/** Whether a function of one element is a polynomial. */
export function isLongUnary(fn: u32): bool {
  switch (fn) {
${long.join('')}      return true;
    default:
      return false;
  }
}
`;
}

const SAMPLES = [0.5, 1, 2];

/** TSDoc with what the function gives for a few numbers. */
function withExample(name: string, { of }: MathRow): string {
  const values = SAMPLES.map((x) => Number(of(x, 0, 0).toFixed(4)));
  return `/**
 * ${docOf(name)}
 *
 * @example
 * ${name}(tensor([${SAMPLES.join(', ')}])).toArray(); // [${values.join(', ')}]
 */`;
}

/** TypeScript: the functions of tensors. */
export function mathFunctions(): string {
  return `${header}import { noMore } from '../../options.ts';
import type { Shape } from '../../tensor/shapes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { floatUnary } from '../unary.ts';

${mathRows
  .map(
    ([name, row]) => `${withExample(name, row)}
export function ${name}<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('${name}', 1, arguments);
  return floatUnary('${name}', x) as Tensor<S>;
}
`,
  )
  .join('')}`;
}

/** TypeScript: the same as methods. */
export function mathMethods(): string {
  return `${header}import * as functions from '../../ops/generated/mathFunctions.ts';
import { noMore } from '../../options.ts';
import type { Shape } from '../../tensor/shapes.ts';
import type { Tensor } from '../../tensor/tensor.ts';

export class MathMethods {
${mathRows
  .map(
    ([name]) => `  /** ${docOf(name)} */
  ${name}<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('${name}', 0, arguments);
    return functions.${name}(this);
  }
`,
  )
  .join('')}}
`;
}

/** TypeScript: what each of them saves for its gradient. */
export function mathSaves(): string {
  const saves = mathRows.map(([name, row]) => `  ${name}: ${row.saves},\n`);
  return `${header}const input = { inputs: 'all' } as const;
const output = { output: true } as const;

export const mathSaves = {
${saves.join('')}};
`;
}
