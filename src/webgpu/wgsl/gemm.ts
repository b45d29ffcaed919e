/**
 * C = activation(alpha·A·B + beta·C + bias). A workgroup computes a tile of C: it walks along k, keeps a slice of A and of B
 * in workgroup memory, and each thread keeps a block of C in registers. Where the tiles of C are too few to fill a device and k is
 * long, k is cut: each part leaves its sums in scratch memory, and a second launch adds them in order.
 */
import { activations } from '../../../bindings/commands/table.ts';
import { fieldsOf } from '../../reference/fields.ts';
import { type GpuKernel, grid, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { activationFunctions } from './functions.ts';

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

/** Elements along k that are in workgroup memory at a time. */
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

const parameters = new Parameters([
  'a',
  'b',
  'c',
  'bias',
  'm',
  'n',
  'k',
  'aRow',
  'aCol',
  'aBatch',
  'bRow',
  'bCol',
  'bBatch',
  'cRow',
  'cBatch',
  'alpha',
  'beta',
  'batch',
  'parts',
  'partLength',
]);

/** Which way the elements of an operand lie side by side: that is the way neighbouring threads load them. */
type Way = 'along k' | 'across';

/** What a shader is made for. */
interface Variant {
  tile: Tile;
  a: Way;
  b: Way;
  /** The epilogue: null where sums go to scratch memory. */
  epilogue: Epilogue | null;
}

interface Epilogue {
  activation: (typeof activations)[number];
  hasBias: boolean;
  readsC: boolean;
}

/** The finished element from its sum `v` in column `col`, with C's old element at `at`. */
function finish({ activation, hasBias, readsC }: Epilogue): string {
  return `v *= bitcast<f32>(alpha);
${readsC ? 'v += bitcast<f32>(beta) * f(at);' : ''}
${hasBias ? 'v += f(bias + col);' : ''}
put(at, ${activationFunctions[activation]});`;
}

/**
 * Loads a slice of an operand, [DEPTH][width] in groups of four neighbours across. `row` and `col` are its strides across and
 * along k.
 */
function loadSlice(name: 'A' | 'B', width: number, threads: number, way: Way, limit: string): string {
  const groups = (DEPTH * width) / 4;
  const [depth, across] =
    way === 'along k' ? [`item % ${DEPTH}u`, `item / ${DEPTH}u`] : [`item / ${width / 4}u`, `item % ${width / 4}u`];
  return `
for (var item = local; item < ${groups}u; item += ${threads}u) {
  let depth = ${depth};
  let across = ${across};
  let p = start + depth;
  let first = origin${name} + across * 4u;
  let at = base${name} + first * across${name} + p * along${name};
  var v = vec4<f32>();
  if (p < end) {
${range(4)
  .map((i) => `    if (first + ${i}u < ${limit}) { v[${i}] = f(at + ${i}u * across${name}); }`)
  .join('\n')}
  }
  slice${name}[depth * ${width / 4}u + across] = v;
}`;
}

/** One step along k: a column of the slice of A times a row of the slice of B. */
function multiply({ rows, cols, blockRows, blockCols }: Tile): string {
  const quads = blockCols / 4;
  const lines = range(quads).map((q) => `let b${q} = sliceB[depth * ${cols / 4}u + threadCol * ${quads}u + ${q}u];`);
  for (const i of range(blockRows)) {
    const at = `threadRow * ${blockRows}u + ${i}u`;
    const value =
      blockRows % 4 === 0
        ? `sliceA[depth * ${rows / 4}u + threadRow * ${blockRows / 4}u + ${i >> 2}u].${'xyzw'[i & 3]}`
        : `sliceA[depth * ${rows / 4}u + ((${at}) >> 2u)][(${at}) & 3u]`;
    lines.push(`let a${i} = vec4<f32>(${value});`);
    for (const q of range(quads)) lines.push(`sum${i}_${q} = fma(a${i}, b${q}, sum${i}_${q});`);
  }
  return lines.join('\n    ');
}

/** Four neighbours in a row at a time, one after the other: the epilogue's code is long. */
function storeBlock({ blockRows, blockCols }: Tile, epilogue: Epilogue | null): string {
  const target =
    epilogue === null
      ? 'put(c + ((part * batch + matrix) * m + row) * n + col, v);'
      : `let at = c + matrix * cBatch + row * cRow + col;\n${finish(epilogue)}`;
  return range(blockRows)
    .flatMap((i) =>
      range(blockCols / 4).map(
        (q) => `{
  let row = originA + threadRow * ${blockRows}u + ${i}u;
  let first = originB + threadCol * ${blockCols}u + ${4 * q}u;
  var values = sum${i}_${q};
  for (var col = first; row < m && col < min(first + 4u, n); col++) {
    var v = values[col - first];
    ${target}
  }
}`,
      ),
    )
    .join('\n');
}

function source({ tile, a, b, epilogue }: Variant): string {
  const { rows, cols, blockRows, blockCols } = tile;
  const threads = (rows / blockRows) * (cols / blockCols);
  const sums = range(blockRows).flatMap((i) => range(blockCols / 4).map((q) => `var sum${i}_${q} = vec4<f32>();`));
  return shader({
    parameters,
    threads,
    outside: `
var<workgroup> sliceA: array<vec4<f32>, ${(DEPTH * rows) / 4}>;
var<workgroup> sliceB: array<vec4<f32>, ${(DEPTH * cols) / 4}>;`,
    body: `
let tilesAcross = (n + ${cols - 1}u) / ${cols}u;
let tilesDown = (m + ${rows - 1}u) / ${rows}u;
let tile = groupId % (tilesAcross * tilesDown);
let rest = groupId / (tilesAcross * tilesDown);
let matrix = rest % batch;
let part = rest / batch;
if (part >= parts) { return; }
let originA = tile / tilesAcross * ${rows}u;
let originB = tile % tilesAcross * ${cols}u;
let baseA = a + matrix * aBatch;
let baseB = b + matrix * bBatch;
let acrossA = aRow;
let alongA = aCol;
let acrossB = bCol;
let alongB = bRow;
let end = min((part + 1u) * partLength, k);
let threadRow = local / ${cols / blockCols}u;
let threadCol = local % ${cols / blockCols}u;
${sums.join('\n')}
for (var start = part * partLength; start < end; start += ${DEPTH}u) {
  workgroupBarrier();
${loadSlice('A', rows, threads, a, 'm')}
${loadSlice('B', cols, threads, b, 'n')}
  workgroupBarrier();
  for (var depth = 0u; depth < ${DEPTH}u; depth++) {
    ${multiply(tile)}
  }
}
${storeBlock(tile, epilogue)}`,
  });
}

/** Adds the parts that were left in scratch memory at `a`, and finishes C. */
function finishSource(epilogue: Epilogue): string {
  return shader({
    parameters,
    body: `
if (id >= batch * m * n) { return; }
let col = id % n;
let row = (id / n) % m;
let matrix = id / (n * m);
var v = 0.0;
for (var part = 0u; part < parts; part++) { v += f(a + part * batch * m * n + id); }
let at = c + matrix * cBatch + row * cRow + col;
${finish(epilogue)}`,
  });
}

const G = fieldsOf('gemm');
const floatView = new Float32Array(1);
const bitView = new Int32Array(floatView.buffer);

export const gemm: GpuKernel = (words, at, planner) => {
  const field = (name: keyof typeof G) => words[at + G[name]]!;
  const [batch, m, n, k] = [field('batch'), field('m'), field('n'), field('k')];
  if (batch * m * n === 0) return;
  bitView[0] = field('beta');
  const epilogue: Epilogue = {
    activation: activations[field('activation')]!,
    hasBias: field('bias') !== 0,
    readsC: floatView[0] !== 0,
  };
  const epilogueKey = Object.values(epilogue).join(' ');
  const tile = chooseTile(m, n, batch);
  const tiles = tilesOf(m, n, tile) * batch;
  const parts = chooseParts(tiles, k);
  const values = {
    a: field('a'),
    b: field('b'),
    c: field('c'),
    bias: field('bias'),
    m,
    n,
    k,
    aRow: field('aRow'),
    aCol: field('aCol'),
    aBatch: field('aBatch'),
    bRow: field('bRow'),
    bCol: field('bCol'),
    bBatch: field('bBatch'),
    cRow: field('cRow'),
    cBatch: field('cBatch'),
    alpha: field('alpha'),
    beta: field('beta'),
    batch,
    parts,
    partLength: Math.ceil(k / parts),
  };
  const sums = parts === 1 ? 0 : planner.scratch(parts * batch * m * n);
  const variant: Variant = {
    tile,
    a: Math.abs(values.aCol) === 1 ? 'along k' : 'across',
    b: Math.abs(values.bRow) === 1 && Math.abs(values.bCol) !== 1 ? 'along k' : 'across',
    epilogue: parts === 1 ? epilogue : null,
  };
  planner.launch({
    key: `gemm ${tile.rows}×${tile.cols} ${variant.a} ${variant.b} ${parts === 1 ? epilogueKey : 'part'}`,
    source: () => source(variant),
    words: parameters.words(parts === 1 ? values : { ...values, c: sums }),
    groups: grid(tiles * parts),
  });
  if (parts === 1) return;
  planner.launch({
    key: `gemm finish ${epilogueKey}`,
    source: () => finishSource(epilogue),
    words: parameters.words({ ...values, a: sums }),
    groups: gridOfThreads(batch * m * n),
  });
};
