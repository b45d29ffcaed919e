/**
 * The pass that packs constant second operands of small matrix products once, in the prologue. A product of few rows reads
 * every element of B only a few times, so packing it in every run is expensive, and so is reading it in place if its layout is
 * bad. Packed, B is strips of 8 adjacent columns, the micro-kernel's own order, and the product becomes a batch of products, one
 * per strip. Bias and activation follow as commands of their own.
 */
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import {
  Activation,
  BinaryFn,
  encodeBinary,
  encodeCopy,
  encodeUnary,
  UnaryFn,
} from '../../bindings/generated/encode.ts';
import { Command, parse } from './commands.ts';

const STRIP = 8;
/**
 * The numbers of rows for which packing pays: measured with 1024 × 1024, 1.45 times as fast for 4 rows and 1.16 times for 16. Products of
 * fewer rows are dot products, which read B along its columns; packed, they would give other bits.
 */
const LEAST_ROWS = 4;
const MOST_ROWS = 16;
/** Reads with a stride of whole pages evict one another from the cache. */
const PAGE_ELEMENTS = 1024;
/** Smaller operands stay in the cache. */
const LEAST_ELEMENTS = 16384;

const functions: Record<number, UnaryFn> = {
  [Activation.relu]: 'relu',
  [Activation.sigmoid]: 'sigmoid',
  [Activation.tanh]: 'tanh',
};

function isWorthPacking(gemm: Command): boolean {
  const [m, n, k, bRow] = [gemm.get('m'), gemm.get('n'), gemm.get('k'), gemm.get('bRow')];
  const isPlain = gemm.get('batch') === 1 && gemm.getFloat('alpha') === 1 && gemm.getFloat('beta') === 0;
  const isBadlyLaidOut = gemm.get('bCol') !== 1 || bRow % PAGE_ELEMENTS === 0;
  const fits = m >= LEAST_ROWS && m <= MOST_ROWS && n % STRIP === 0 && n > STRIP && n * k >= LEAST_ELEMENTS;
  return isPlain && isBadlyLaidOut && fits && gemm.get('cRow') === n;
}

/** A copy of B in strips: element (p, j) is in strip ⌊j/8⌋, row p, column j mod 8. */
function packing(gemm: Command, packed: number): Command[] {
  const [n, k, bRow, bCol] = [gemm.get('n'), gemm.get('k'), gemm.get('bRow'), gemm.get('bCol')];
  const block = new ProgramBlock(new Int32Array(64));
  encodeCopy(block, {
    x: gemm.get('b'),
    y: packed,
    ndim: 3,
    shape: [n / STRIP, k, STRIP],
    xStrides: [STRIP * bCol, bRow, bCol],
    yStrides: [STRIP * k, STRIP, 1],
  });
  return parse(block.words, block.length);
}

/** The product strip by strip, then bias and activation. */
function product(gemm: Command, packed: number): Command[] {
  const [m, n, k, c] = [gemm.get('m'), gemm.get('n'), gemm.get('k'), gemm.get('c')];
  const strips = new Command(gemm.words.slice());
  const changes = { b: packed, bias: 0, activation: Activation.none, n: STRIP, batch: n / STRIP };
  const strides = { aBatch: 0, bRow: STRIP, bCol: 1, bBatch: STRIP * k, cBatch: STRIP };
  for (const [name, word] of Object.entries({ ...changes, ...strides })) strips.set(name, word);
  const block = new ProgramBlock(new Int32Array(128));
  if (gemm.get('bias') !== 0) {
    encodeBinary(block, {
      ...{ fn: BinaryFn.add, a: c, b: gemm.get('bias'), y: c, scalar: floatBits(0) },
      ...{ ndim: 2, shape: [m, n], aStrides: [n, 1], bStrides: [0, 1] },
    });
  }
  const fn = functions[gemm.get('activation')];
  if (fn !== undefined) encodeUnary(block, { fn: UnaryFn[fn], x: c, y: c, n: m * n, p0: 0, p1: 0 });
  return [strips, ...parse(block.words, block.length)];
}

/**
 * Packs the operands for which `isConstant` holds. `allocate` gives virtual memory.
 *
 * @returns the commands, and those that do the packing, for the prologue
 */
export function packWeights(
  commands: readonly Command[],
  isConstant: (address: number) => boolean,
  allocate: (elements: number) => number,
): { commands: Command[]; packing: Command[] } {
  const packs: Command[] = [];
  const result = commands.flatMap((command) => {
    if (command.opcode !== 'gemm' || !isConstant(command.addressIn('b')) || !isWorthPacking(command)) return [command];
    const packed = allocate(command.get('n') * command.get('k'));
    packs.push(...packing(command, packed));
    return product(command, packed);
  });
  return { commands: result, packing: packs };
}
