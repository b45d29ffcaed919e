/** Options of pooling, resizing, padding and batch norm that are refused. */
import { ArgumentError, F, nn, ones } from '../../src/index.ts';
import { describeRefusals } from '../support/refusals.ts';

const x = ones(1, 1, 4, 4);
describeRefusals('pooling, resizing, padding and batch norm refuse', [
  ['padding', () => new nn.MaxPool2d(2, { padding: 2 }), ArgumentError, 'got padding 2 for a kernel of 2'],
  [
    'stride 0',
    () => new nn.AvgPool2d(2, { stride: 0 }),
    ArgumentError,
    'stride must be a whole number of at least 1, or',
  ],
  ['a misspelt option', () => new nn.MaxPool2d(2, { paddings: 1 } as object), ArgumentError, 'unknown option paddings'],
  [
    'a kernel with one size',
    () => F.maxPool2d(x, [2] as unknown as [number, number]),
    ArgumentError,
    'or [height, width], got [2]',
  ],
  ['no size', () => new nn.Upsample({}), ArgumentError, 'either size or scaleFactor'],
  ['both', () => F.interpolate(x, { size: 2, scaleFactor: 2 }), ArgumentError, 'either size or scaleFactor'],
  ['corners of nearest', () => F.interpolate(x, { size: 2, alignCorners: true }), ArgumentError, "mode 'bilinear'"],
  ['an odd list', () => F.pad(x, [1]), ArgumentError, '[left, right, top, bottom, …]'],
  ['a mode', () => F.pad(x, [1, 1], { mode: 'wrap' as 'reflect' }), ArgumentError, "'reflect' or 'replicate'"],
  ['momentum', () => new nn.BatchNorm2d(2, { momentum: 2 }), ArgumentError, 'momentum must be between 0 and 1'],
  ['only one of the statistics', () => F.batchNorm(x, ones(1)), ArgumentError, 'must both be given'],
]);
