/**
 * Makes assembly/generated/tiles.ts: the GEMM micro-kernels, one per number of rows (1 … the largest mr) and number of
 * columns (8, 4), all from one template, and the switch that reaches them. A tile shape's edge rows are the smaller kernels.
 */
import { gemmTiles } from '../../bindings/commands/tiles.ts';

const LANES = 4;
/** Columns a kernel can have: a whole panel, or half of one at the right edge. */
const widths = [8, 4];
/**
 * Kernels of up to this many rows do STEPS values of p per iteration. V8's round of 5×8 with one step has 41 instructions, 14 of them neither
 * arithmetic nor loads: addresses, the count, a check of the stack. Processors that take six a cycle wait for these; four steps of
 * 4×8 share the last two. V8 before 13 loads all operands of a step first when another step follows: 4×8 needs 15 registers for
 * that, which x64 has, 5×8 would need 18.
 */
const UNROLLED_ROWS = 4;
const STEPS = 4;
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

const head = `// Made by assembly/build/tiles.ts. Do not edit.
/**
 * GEMM's micro-kernels: C[i, j] = C[i, j] + Σ A[i, p]·B[p, j] for a tile of C, over p = 0 … k−1 in order, each element
 * in one accumulator, so that an element's bits depend neither on the tile that it falls into nor on where k is cut.
 * \`keep\` is all ones, or 0 to start from 0 and ignore C, even NaN in it.
 * A is read by one broadcast per element, B and C by vectors: B's and C's columns are adjacent, all other strides are free,
 * and in bytes. No alignment is assumed; C overlaps neither A nor B.
 *
 * Nothing but stores comes after the loop: V8 before 13 orders a loop's instructions by what follows it, and otherwise
 * loads all of A first, for which it spills accumulators (half the speed). For the same reason alpha and beta are not here.
 */
import { madd } from '../simd/madd';
`;

const signature = 'k: u32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, c: usize, cRow: usize, keep: i32';

function kernel(rows: number, columns: number): string {
  const vectors = columns / LANES;
  const all = count(rows).flatMap((i) => count(vectors).map((j) => [i, j] as const));
  const rowOffset = (i: number) => (i === 0 ? '' : i === 1 ? ' + aRow' : ` + row${i}`);
  const eachElement = (line: (i: number, j: number) => string) =>
    all.map(([i, j]) => (j === 0 && i > 0 ? '  at += cRow;\n' : '') + line(i, j));
  const step = [
    // Before the loads: of a sum V8 knows that its upper half is clear, and of what a loop carries it does not.
    'a += aCol;',
    'b += bRow;',
    ...count(vectors).map((j) => `const b${j} = v128.load(b, ${j * 16});`),
    ...count(rows).flatMap((i) => [
      `const a${i} = v128.load32_splat(a${rowOffset(i)});`,
      ...count(vectors).map((j) => `c${i}${j} = madd(a${i}, b${j}, c${i}${j});`),
    ]),
  ];
  const indented = (lines: string[], by: number) => lines.map((line) => ' '.repeat(by) + line);
  // Leaving is possible after each step: what is needed on both ways V8 does not put off, so that no operand waits in a register.
  const unrolled = [
    'if (k != 0) {',
    '  while (true) {',
    ...count(STEPS).flatMap((s) => [
      '    {',
      ...indented(step, 6),
      '    }',
      ...(s < STEPS - 1 ? [`    if (k == ${s + 1}) break;`] : []),
    ]),
    `    k -= ${STEPS};`,
    '    if (k == 0) break;',
    '  }',
    '}',
  ];
  const single = ['for (; k != 0; k--) {', ...indented(step, 2), '}'];
  return [
    `function tile${rows}x${columns}(${signature}): void {`,
    '  const mask = i32x4.splat(keep);',
    '  let at = c;',
    ...eachElement((i, j) => `  let c${i}${j} = v128.and(mask, v128.load(at, ${j * 16}));`),
    ...count(rows).flatMap((i) => (i > 1 ? [`  const row${i} = aRow * ${i};`] : [])),
    '  a -= aCol;',
    '  b -= bRow;',
    ...indented(rows <= UNROLLED_ROWS ? unrolled : single, 2),
    '  at = c;',
    ...eachElement((i, j) => `  v128.store(at, c${i}${j}, ${j * 16});`),
    '}\n',
  ].join('\n');
}

/** The source of assembly/generated/tiles.ts. */
export function tiles(): string {
  const maxRows = Math.max(...gemmTiles.map(({ mr }) => mr));
  const rows = count(maxRows).map((i) => i + 1);
  const args = 'k, a, aRow, aCol, b, bRow, c, cRow, keep';
  const cases = rows.flatMap((r) => widths.map((w) => [r, w] as const));
  return [
    head,
    ...cases.map(([r, w]) => kernel(r, w)),
    '/** Rows of the tile shape with this index. */',
    'export function tileRows(tile: u32): u32 {',
    '  switch (tile) {',
    ...gemmTiles.flatMap(({ mr }, i) => (i > 0 ? [`    case ${i}:`, `      return ${mr};`] : [])),
    '    default:',
    `      return ${gemmTiles[0].mr};`,
    '  }',
    '}\n',
    `/** The kernel for 1 to ${maxRows} rows and, where \`half\` is 0, ${widths[0]} columns, else ${widths[1]}. */`,
    `export function microKernel(rows: u32, half: u32, ${signature}): void {`,
    '  switch ((rows << 1) | half) {',
    ...cases.map(([r, w]) => `    case ${r * 2 + widths.indexOf(w)}:\n      return tile${r}x${w}(${args});`),
    '    default:',
    '      unreachable();',
    '  }',
    '}\n',
  ].join('\n');
}
