/**
 * Matrix products by tiles, for everything that can be written as one: C = A·B, whose elements snippets of WGSL read. A workgroup computes
 * a tile of C: it moves along k, keeps a slice of A and of B in workgroup memory, and each thread keeps a block of C in registers. If
 * there are too few tiles of C to fill a device and k is long, k is split: each part writes its sums to scratch memory, and a second
 * launch adds them in order.
 *
 * With the planner's `half` the slices are float16: elements are rounded as they are loaded. A product of two such numbers has at most 22
 * digits, so float32 holds it exactly; sums are in float32.
 */
import { grid, gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

/** A tile of C and each thread's block in it. Columns of a block and both sizes of a tile are multiples of 4. */
interface Tile {
  rows: number;
  cols: number;
  blockRows: number;
  blockCols: number;
}

const large: Tile = { rows: 128, cols: 128, blockRows: 8, blockCols: 8 };
const medium: Tile = { rows: 64, cols: 64, blockRows: 4, blockCols: 4 };
const small: Tile = { rows: 32, cols: 32, blockRows: 2, blockCols: 4 };
const flat: Tile = { rows: 8, cols: 64, blockRows: 1, blockCols: 4 };
const tall: Tile = { rows: 64, cols: 8, blockRows: 1, blockCols: 4 };

/** Elements along k that are in workgroup memory at once. */
const DEPTH = 16;
/** Tiles that keep a device busy. */
const ENOUGH_TILES = 64;
/** A part of k is at least this long. */
const LEAST_PART = 256;
const MOST_PARTS = 32;

const tilesOf = (m: number, n: number, { rows, cols }: Tile): number => Math.ceil(m / rows) * Math.ceil(n / cols);

function chooseTile(m: number, n: number, batch: number): Tile {
  if (m <= 8) return flat;
  if (n <= 8) return tall;
  if (tilesOf(m, n, large) * batch >= 2 * ENOUGH_TILES) return large;
  if (tilesOf(m, n, medium) * batch >= ENOUGH_TILES) return medium;
  return small;
}

function chooseParts(tiles: number, k: number): number {
  if (tiles >= ENOUGH_TILES) return 1;
  return Math.max(1, Math.min(Math.floor(k / LEAST_PART), Math.ceil(ENOUGH_TILES / tiles), MOST_PARTS));
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The direction in which elements of an operand are adjacent: adjacent threads load along it. */
type Way = 'along k' | 'across';

/** One of the two factors. `element` sets `value` (0 before) to the element at `q` across and `p` along k. */
interface Factor {
  way: Way;
  element: string;
  /** In a wide product: the index of that element, the first of four that are adjacent in the factor's direction. */
  at?: string;
  /** Statements that `element` builds on and that need only p. */
  prepare?: string;
}

/** `matrices` products of m×k and k×n. The snippets know `matrix`, and the values by name. */
export interface Product {
  /** Names what the snippets do. */
  key: string;
  values: Record<string, number>;
  matrices: number;
  m: number;
  n: number;
  k: number;
  a: Factor;
  b: Factor;
  /** The index of C's element in the heap, from `row` and `col`. */
  target: string;
  /** Statements that finish the element `v`, which goes to `at`. */
  finish: string;
  /** Elements are loaded and stored four at a time: C's columns, and both factors in their directions, come in fours. */
  wide?: boolean;
}

/** Whether sizes, strides and addresses are multiples of four. */
export const byFours = (...numbers: number[]): boolean => numbers.every((n) => n % 4 === 0);

/** The type of the elements of slices. */
type Element = 'f32' | 'f16';

/** Loads a slice of a factor, [DEPTH][width] in groups of four neighbours across. */
function loadSlice(name: 'A' | 'B', width: number, threads: number, factor: Factor, type: Element): string {
  const { way, element, prepare = '' } = factor;
  const groups = (DEPTH * width) / 4;
  const [depth, across] =
    way === 'along k' ? [`item % ${DEPTH}u`, `item / ${DEPTH}u`] : [`item / ${width / 4}u`, `item % ${width / 4}u`];
  return `
for (var item = local; item < ${groups}u; item += ${threads}u) {
  let depth = ${depth};
  let across = ${across};
  let p = start + depth;
  var four = vec4<f32>();
  if (p < end) {
    ${prepare}
    for (var i = 0u; i < 4u; i++) {
      let q = origin${name} + across * 4u + i;
      if (q < ${name === 'A' ? 'm' : 'n'}) {
        var value = 0.0;
        ${element}
        four[i] = value;
      }
    }
  }
  slice${name}[depth * ${width / 4}u + across] = vec4<${type}>(four);
}`;
}

/** The same four elements at a time: those along k as blocks of 4×4, which are transposed. */
function loadWideSlice(name: 'A' | 'B', width: number, threads: number, factor: Factor, type: Element): string {
  const { way, at } = factor;
  const limit = name === 'A' ? 'm' : 'n';
  if (way === 'across') {
    return `
for (var item = local; item < ${(DEPTH * width) / 4}u; item += ${threads}u) {
  let p = start + item / ${width / 4}u;
  let q = origin${name} + (item % ${width / 4}u) * 4u;
  var values = vec4<f32>();
  if (p < end && q < ${limit}) { values = four(${at}); }
  slice${name}[item] = vec4<${type}>(values);
}`;
  }
  return `
for (var item = local; item < ${(DEPTH * width) / 16}u; item += ${threads}u) {
  let depth = (item % ${DEPTH / 4}u) * 4u;
  let across = item / ${DEPTH / 4}u;
  let p = start + depth;
  var block = array<vec4<f32>, 4>();
  for (var i = 0u; i < 4u; i++) {
    let q = origin${name} + across * 4u + i;
    if (p < end && q < ${limit}) { block[i] = four(${at}); }
  }
  for (var i = 0u; i < 4u; i++) {
    let line = vec4(block[0][i], block[1][i], block[2][i], block[3][i]);
    slice${name}[(depth + i) * ${width / 4}u + across] = vec4<${type}>(line);
  }
}`;
}

/** One step along k: a column of the slice of A times a row of the slice of B. */
function multiply({ rows, cols, blockRows, blockCols }: Tile): string {
  const quads = blockCols / 4;
  const lines = range(quads).map(
    (q) => `let b${q} = vec4<f32>(sliceB[depth * ${cols / 4}u + threadCol * ${quads}u + ${q}u]);`,
  );
  for (const i of range(blockRows)) {
    const at = `threadRow * ${blockRows}u + ${i}u`;
    const value =
      blockRows % 4 === 0
        ? `sliceA[depth * ${rows / 4}u + threadRow * ${blockRows / 4}u + ${i >> 2}u].${'xyzw'[i & 3]}`
        : `sliceA[depth * ${rows / 4}u + ((${at}) >> 2u)][(${at}) & 3u]`;
    lines.push(`let a${i} = vec4<f32>(f32(${value}));`);
    for (const q of range(quads)) lines.push(`sum${i}_${q} = fma(a${i}, b${q}, sum${i}_${q});`);
  }
  return lines.join('\n    ');
}

/** Four neighbours in a row: finished one after the other, stored together. */
function storeWideBlock({ blockRows, blockCols }: Tile, { target, finish }: Product, isPart: boolean): string {
  const store = isPart
    ? 'putFour(sums + ((part * matrices + matrix) * m + row) * n + col, values);'
    : `for (var i = 0u; i < 4u; i++) {
      var v = values[i];
      let at = ${target};
      ${finish}
      values[i] = v;
      col++;
    }
    col = first;
    putFour(${target}, values);`;
  return range(blockRows)
    .flatMap((i) =>
      range(blockCols / 4).map(
        (q) => `{
  let row = originA + threadRow * ${blockRows}u + ${i}u;
  let first = originB + threadCol * ${blockCols}u + ${4 * q}u;
  if (row < m && first < n) {
    var values = sum${i}_${q};
    var col = first;
    ${store}
  }
}`,
      ),
    )
    .join('\n');
}

/** Four neighbours in a row at a time, one after the other: the code that finishes them can be long. */
function storeBlock({ blockRows, blockCols }: Tile, { target, finish }: Product, isPart: boolean): string {
  const store = isPart
    ? 'put(sums + ((part * matrices + matrix) * m + row) * n + col, v);'
    : `let at = ${target};\n${finish}\nput(at, v);`;
  return range(blockRows)
    .flatMap((i) =>
      range(blockCols / 4).map(
        (q) => `{
  let row = originA + threadRow * ${blockRows}u + ${i}u;
  let first = originB + threadCol * ${blockCols}u + ${4 * q}u;
  var values = sum${i}_${q};
  for (var col = first; row < m && col < min(first + 4u, n); col++) {
    var v = values[col - first];
    ${store}
  }
}`,
      ),
    )
    .join('\n');
}

function tileSource(
  parameters: Parameters<string>,
  tile: Tile,
  product: Product,
  isPart: boolean,
  type: Element,
): string {
  const { rows, cols, blockRows, blockCols } = tile;
  const threads = (rows / blockRows) * (cols / blockCols);
  const { wide = false } = product;
  const [load, store] = wide ? [loadWideSlice, storeWideBlock] : [loadSlice, storeBlock];
  const sums = range(blockRows).flatMap((i) => range(blockCols / 4).map((q) => `var sum${i}_${q} = vec4<f32>();`));
  return shader({
    parameters,
    threads,
    wide,
    enable: type === 'f16' ? ['f16'] : [],
    outside: `
var<workgroup> sliceA: array<vec4<${type}>, ${(DEPTH * rows) / 4}>;
var<workgroup> sliceB: array<vec4<${type}>, ${(DEPTH * cols) / 4}>;`,
    body: `
let tilesAcross = (n + ${cols - 1}u) / ${cols}u;
let tilesDown = (m + ${rows - 1}u) / ${rows}u;
let tile = groupId % (tilesAcross * tilesDown);
let rest = groupId / (tilesAcross * tilesDown);
let matrix = rest % matrices;
let part = rest / matrices;
if (part >= parts) { return; }
let originA = tile / tilesAcross * ${rows}u;
let originB = tile % tilesAcross * ${cols}u;
let end = min((part + 1u) * partLength, k);
let threadRow = local / ${cols / blockCols}u;
let threadCol = local % ${cols / blockCols}u;
${sums.join('\n')}
for (var start = part * partLength; start < end; start += ${DEPTH}u) {
  workgroupBarrier();
${load('A', rows, threads, product.a, type)}
${load('B', cols, threads, product.b, type)}
  workgroupBarrier();
  for (var depth = 0u; depth < ${DEPTH}u; depth++) {
    ${multiply(tile)}
  }
}
${store(tile, product, isPart)}`,
  });
}

/** Adds the parts in scratch memory, and finishes C. */
function finishSource(parameters: Parameters<string>, { target, finish }: Product): string {
  return shader({
    parameters,
    body: `
if (id >= matrices * m * n) { return; }
let col = id % n;
let row = (id / n) % m;
let matrix = id / (n * m);
var v = 0.0;
for (var part = 0u; part < parts; part++) { v += f(sums + part * matrices * m * n + id); }
let at = ${target};
${finish}
put(at, v);`,
  });
}

export function launchProduct(planner: Planner, product: Product): void {
  const { key, matrices, m, n, k, a, b, wide = false } = product;
  if (matrices * m * n === 0) return;
  const tile = chooseTile(m, n, matrices);
  const tiles = tilesOf(m, n, tile) * matrices;
  const parts = chooseParts(tiles, k);
  const isPart = parts > 1;
  const sums = isPart ? planner.scratch(parts * matrices * m * n) : 0;
  const values = {
    matrices,
    m,
    n,
    k,
    parts,
    partLength: Math.ceil(k / parts / DEPTH) * DEPTH,
    sums,
    ...product.values,
  };
  const parameters = new Parameters(Object.keys(values));
  const type = planner.half ? 'f16' : 'f32';
  planner.launch({
    key: `${key} ${tile.rows}×${tile.cols} ${a.way} ${b.way} ${isPart} ${type}${wide ? ' wide' : ''}`,
    source: () => tileSource(parameters, tile, product, isPart, type),
    words: parameters.words(values),
    groups: grid(tiles * parts),
  });
  if (!isPart) return;
  planner.launch({
    key: `${key} finish`,
    source: () => finishSource(parameters, product),
    words: parameters.words(values),
    groups: gridOfThreads(matrices * m * n),
  });
}
