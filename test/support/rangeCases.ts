/**
 * Every operation that reads indices, or other numbers that must be in range, with values that are in range and values
 * that are not. The cases must cover all commands with such operands: test/program/ranges.test.ts counts them.
 */
import { F, type nn, type Tensor, zeros } from '../../src/index.ts';

/** The rows of the table, and its columns. */
export const SIZE = 5;
export const WIDTH = 4;
const HUGE = 2 ** 31 - 1;

/** The data that the operations work on. */
export interface Operands {
  /** [SIZE, WIDTH]. */
  table: Tensor;
  /** [SIZE]. */
  weight: Tensor;
  lstm: nn.LSTM;
}

export interface RangeCase {
  /** Values in range, each of a different kind. */
  good: number[];
  /** Values below the range, above it and far out of it. */
  bad: number[];
  /** The operation, which is differentiable. */
  run(values: Tensor, operands: Operands): Tensor;
}

const indices = (run: RangeCase['run'], good = [0, 4, 2, 2, 1, 3]): RangeCase => ({
  good,
  bad: [-1, SIZE, HUGE, -HUGE - 1],
  run,
});
export const rangeCases: Record<string, RangeCase> = {
  indexSelect: indices((i, { table }) => table.indexSelect(0, i)),
  'indexSelect along columns': indices((i, { table }) => table.T.indexSelect(1, i)),
  gather: indices((i, { table }) => table.gather(0, i.unsqueeze(1))),
  'gather of a part': indices((i, { table }) => table.gather(0, i.reshape([3, 2]))),
  scatterAdd: indices((i, { table }) => table.scatterAdd(0, i.reshape([3, 2]), zeros([3, 2]).add(2)).square()),
  embedding: indices((i, { table }) => F.embedding(i, table).square()),
  'embedding of columns': indices((i, { table }) => F.embedding(i.reshape([2, 3]).T, table)),
  'embedding with options': indices((i, { table }) => F.embedding(i, table, { paddingIdx: 1, scaleGradByFreq: true })),
  'embedding with maxNorm': indices((i, { table }) => F.embedding(i, table, { maxNorm: 0.5 })),
  oneHot: indices((i, { table }) => F.oneHot(i, SIZE).to('float32').matmul(table)),
  crossEntropy: indices((i, { table }) => F.crossEntropy(table.T, i), [0, 4, 2, 1]),
  'crossEntropy with options': indices(
    (i, { table, weight }) =>
      F.crossEntropy(table.T, i, { weight, ignoreIndex: 2, labelSmoothing: 0.1, reduction: 'none' }),
    [0, 4, 2, 1],
  ),
  'crossEntropy of planes': indices(
    (i, { table }) => F.crossEntropy(table.T.reshape([2, 2, SIZE]).transpose(1, 2), i.reshape([2, 2])),
    [0, 4, 2, 1],
  ),
  nllLoss: indices((i, { table, weight }) => F.nllLoss(table.T, i, { weight, ignoreIndex: 2 }), [0, 4, 2, 1]),
  focalLoss: indices((i, { table, weight }) => F.focalLoss(table.T, i, { weight }), [0, 4, 2, 1]),
  'lengths of sequences': {
    good: [SIZE, 1],
    bad: [0, SIZE + 1, HUGE, -HUGE - 1],
    run: (lengths, { table, lstm }) => lstm.forward(table.unsqueeze(1).expand([SIZE, 2, WIDTH]), null, { lengths })[0],
  },
  binaryCrossEntropy: {
    good: [0, 0, 1, 1],
    bad: [-1, 2, 2 ** 30, -HUGE - 1],
    run: (values, { table }) => F.binaryCrossEntropy(values.to('float32'), zeros([4])).add(table.square().mean()),
  },
};
