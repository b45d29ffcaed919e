/** Every elementwise command gives the same bits for any number of threads. The threads run one after another here. */
import { describe, expect, test } from 'vitest';
import { floatBits, type ProgramBlock } from '../../bindings/commands/program.ts';
import {
  BinaryFn,
  encodeBinary,
  encodeCopy,
  encodeFill,
  encodeRandom,
  encodeUnary,
  encodeWhere,
  RandomFn,
  UnaryFn,
} from '../../bindings/generated/encode.ts';
import { Desk, runAsThreads, seeded } from '../support/commands.ts';
import { wasmExecutors } from '../support/executors.ts';
import { dims } from '../support/nest.ts';

const ROWS = 211;
const COLS = 103;
const N = ROWS * COLS;
const matrix = { ndim: 2, shape: dims([ROWS, COLS]) };
const byRow = dims([COLS, 1]);
const byColumn = dims([1, ROWS]);

type Encode = (p: ProgramBlock, x: number, c: number, y: number) => void;

const cases: [string, Encode][] = [
  ...(['exp', 'sin', 'tanh', 'log', 'relu', 'toInt'] as const).map((fn): [string, Encode] => [
    `unary ${fn}`,
    (p, x, _, y) => encodeUnary(p, { fn: UnaryFn[fn], x, y, n: N, p0: 0, p1: 0 }),
  ]),
  ...(
    [
      ['add', byRow, byRow],
      ['mul', byRow, dims([0, 1])],
      ['sub', byRow, dims([1, 0])],
      ['div', byRow, byColumn],
      ['pow', byRow, dims([1, 0])],
    ] as const
  ).map(([fn, aStrides, bStrides]): [string, Encode] => [
    `binary ${fn}`,
    (p, x, _, y) => encodeBinary(p, { fn: BinaryFn[fn], a: x, b: x, y, scalar: 0, ...matrix, aStrides, bStrides }),
  ]),
  [
    'where',
    (p, x, c, y) => {
      const strides = { conditionStrides: byRow, aStrides: byColumn, bStrides: dims([0, 1]) };
      encodeWhere(p, { condition: c, a: x, b: x, y, ...matrix, ...strides });
    },
  ],
  [
    'copy',
    (p, x, _, y) => encodeCopy(p, { x, y, ndim: 1, shape: dims([N]), xStrides: dims([1]), yStrides: dims([1]) }),
  ],
  ['transposed copy', (p, x, _, y) => encodeCopy(p, { x, y, ...matrix, xStrides: byColumn, yStrides: byRow })],
  ['copy of rows', (p, x, _, y) => encodeCopy(p, { x, y, ...matrix, xStrides: dims([0, 1]), yStrides: byRow })],
  [
    'small copy',
    (p, x, _, y) =>
      encodeCopy(p, { x, y, ndim: 2, shape: dims([9, 30]), xStrides: dims([1, 9]), yStrides: dims([30, 1]) }),
  ],
  ['fill', (p, _, __, y) => encodeFill(p, { y, n: N, value: floatBits(1.5), integer: 0 })],
  ...(['uniform', 'normal', 'bernoulli', 'integers'] as const).map((fn): [string, Encode] => [
    `random ${fn}`,
    (p, _, c, y) => encodeRandom(p, { fn: RandomFn[fn], y, state: c, offset: 3, n: N - 1, p0: 0, p1: floatBits(0.5) }),
  ]),
];

describe.each(wasmExecutors)('the bits do not depend on the number of threads on %s', (_, executor) => {
  test.each(cases)('%s', (name, encode) => {
    const random = seeded(17);
    const desk = new Desk(executor);
    const x = desk.put(Float32Array.from({ length: N }, () => random() * 4 + 0.01));
    const condition = desk.put(
      Int32Array.from({ length: N }, () => random() * 3),
      'int32',
    );
    const [whole, ...parts] = [1, 2, 3, 7].map((threads) => {
      const y = desk.room(N, 'int32', threads % 4);
      encode(executor.program, x.address, condition.address, y.address);
      if (threads === 1) executor.run();
      else runAsThreads(executor, threads);
      return y.read();
    });
    expect(whole!.some((word) => word !== -77)).toBe(true);
    for (const part of parts)
      expect(
        part.findIndex((word, i) => word !== whole![i]),
        name,
      ).toBe(-1);
    desk.check(name);
    desk.clear();
  });
});
