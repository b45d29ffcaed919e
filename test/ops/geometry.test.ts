/** Each operation refuses sizes, strides, paddings and dimensions that are invalid or larger than kernels can count. */
import { describe, expect, it } from 'vitest';
import { F, memory, nn, ones, randn, SarafError, scope, zeros } from '../../src/index.ts';

const junk: [string, unknown][] = [
  ['null', null],
  ['a fraction', 1.5],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['a text', '1'],
  ['true', true],
  ['an object', {}],
  ['2³¹', 2 ** 31],
  ['2³² + 1', 2 ** 32 + 1],
  ['−2⁴⁰', -(2 ** 40)],
];

type Call = (v: never) => unknown;
const planes = () => randn(1, 2, 5, 5);
const lines = () => randn(1, 2, 7);
const m = () => randn(3, 4);

/** An option of a function, as a number and in a pair. */
const both = (name: string, options: string, run: (options: object) => unknown): [string, Call][] =>
  options
    .split(' ')
    .flatMap((option): [string, Call][] => [
      [`${name}, ${option}`, (v) => run({ [option]: v })],
      ...(option === 'groups'
        ? []
        : [[`${name}, ${option}, a pair`, (v) => run({ [option]: [1, v] })] as [string, Call]]),
    ]);
const one = (name: string, options: string, run: (options: object) => unknown): [string, Call][] =>
  options.split(' ').map((option) => [`${name}, ${option}`, (v) => run({ [option]: v })]);

const conv = 'stride padding dilation groups';
const cases: [string, Call][] = [
  ...both('conv2d', conv, (options) => F.conv2d(planes(), randn(2, 2, 3, 3), null, options)),
  ...both('conv2d 1×1', conv, (options) => F.conv2d(planes(), randn(2, 2, 1, 1), null, options)),
  ...both('convTranspose2d', `${conv} outputPadding`, (options) =>
    F.convTranspose2d(planes(), randn(2, 2, 3, 3), null, { stride: 2, ...options }),
  ),
  ...both('convTranspose2d of an empty input', 'stride padding', (options) =>
    F.convTranspose2d(zeros(0, 2, 5, 5), randn(2, 2, 3, 3), null, options),
  ),
  ...one('conv1d', conv, (options) => F.conv1d(lines(), randn(2, 2, 3), null, options)),
  ...both('maxPool2d', 'stride padding dilation', (options) => F.maxPool2d(planes(), 2, options)),
  ...both('maxPool2d of 1', 'stride padding dilation', (options) => F.maxPool2d(planes(), 1, options)),
  ...both('maxPool2d, ceilMode', 'stride', (options) => F.maxPool2d(planes(), 2, { ...options, ceilMode: true })),
  ...both('avgPool2d', 'stride padding', (options) => F.avgPool2d(planes(), 2, options)),
  ...one('maxPool1d', 'stride padding dilation', (options) => F.maxPool1d(lines(), 2, options)),
  ...one('avgPool1d', 'stride padding', (options) => F.avgPool1d(lines(), 2, options)),
  ...both('Conv2d', 'stride padding dilation groups', (options) => new nn.Conv2d(2, 2, 3, options)),
  ...one('Conv1d', conv, (options) => new nn.Conv1d(2, 2, 3, options)),
  ...both('ConvTranspose2d', 'stride padding dilation groups', (options) => new nn.ConvTranspose2d(2, 2, 3, options)),
  ...both('MaxPool2d', 'stride padding dilation', (options) => new nn.MaxPool2d(2, options)),
  ...both('AvgPool2d', 'stride padding', (options) => new nn.AvgPool2d(2, options)),
  ...both('interpolate', 'size', (options) => F.interpolate(planes(), options)),
  ['maxPool2d, kernel', (v) => F.maxPool2d(planes(), v)],
  ['avgPool2d, kernel', (v) => F.avgPool2d(planes(), v)],
  ['maxPool1d, kernel', (v) => F.maxPool1d(lines(), v)],
  ['MaxPool1d', (v) => new nn.MaxPool1d(v)],
  ['MaxPool2d', (v) => new nn.MaxPool2d(v)],
  ['adaptiveAvgPool2d', (v) => F.adaptiveAvgPool2d(planes(), v)],
  ['adaptiveMaxPool2d', (v) => F.adaptiveMaxPool2d(planes(), v)],
  ['adaptiveAvgPool1d', (v) => F.adaptiveAvgPool1d(lines(), v)],
  ['AdaptiveAvgPool2d', (v) => new nn.AdaptiveAvgPool2d(v)],
  ['AdaptiveMaxPool2d', (v) => new nn.AdaptiveMaxPool2d(v)],
  ['Conv2d, kernel', (v) => new nn.Conv2d(2, 2, v)],
  ['pad', (v) => m().pad([v, 0])],
  ['pad, reflect', (v) => F.pad(planes(), [v, 0], { mode: 'reflect' })],
  ['reshape', (v) => m().reshape(v, 2)],
  ['reshape, a list', (v) => m().reshape([v])],
  ['view', (v) => m().view(v, -1)],
  ['expand', (v) => ones(1).expand(v)],
  ['expand of two', (v) => ones(1, 3).expand(v, 3)],
  ['slice, dim', (v) => m().slice(v, 0)],
  ['select', (v) => m().select(0, v)],
  ['select, dim', (v) => m().select(v, 0)],
  ['repeat', (v) => m().repeat(v, 1)],
  ['flip', (v) => m().flip(v)],
  ['topk', (v) => m().topk(v, 0)],
  ['sort', (v) => m().sort(v)],
  ['unflatten', (v) => m().unflatten(1, [v, 2])],
  ['squeeze', (v) => m().squeeze(v)],
  ['unsqueeze', (v) => m().unsqueeze(v)],
  ['transpose', (v) => m().transpose(v, 1)],
  ['permute', (v) => m().permute(v, 1)],
  ['sum', (v) => m().sum(v)],
  ['cumsum', (v) => m().cumsum(v)],
  ['groupNorm', (v) => F.groupNorm(planes(), v)],
  ['layerNorm', (v) => F.layerNorm(m(), v)],
  ['rmsNorm', (v) => F.rmsNorm(m(), v)],
];

describe('invalid geometry', () => {
  it.each(cases)('is refused: %s', (_, run) => {
    const before = memory();
    const silent: string[] = [];
    scope(() => {
      for (const [what, value] of junk) {
        try {
          const result = run(value as never) as { dispose?: () => void };
          result.dispose?.();
          silent.push(what);
        } catch (error) {
          if (!(error instanceof SarafError)) silent.push(`${what}: ${String(error)}`);
        }
      }
    });
    expect(silent).toEqual([]);
    expect([memory().tensors, memory().bytesInUse]).toEqual([before.tensors, before.bytesInUse]);
  });

  it('does not include the largest values that kernels can count', () => {
    const most = 2 ** 31 - 1;
    expect(F.maxPool2d(ones(1, 1, 3, 3), 2, { stride: most }).toArray()).toEqual([[[[1]]]]);
    expect(F.conv2d(ones(1, 1, 3, 3), ones(1, 1, 2, 2), null, { stride: [most, 1] }).toArray()).toEqual([[[[4, 4]]]]);
    expect(() => F.maxPool2d(ones(1, 1, 3, 3), 1, { dilation: most, stride: most })).not.toThrow();
    expect(() => F.conv2d(ones(1, 1, 3, 3), ones(1, 1, 2, 2), null, { padding: 2 ** 30 })).toThrow('reach beyond');
  });

  it('is named in the error', () => {
    expect(() => F.maxPool2d(planes(), 2, { stride: 2 ** 32 })).toThrow(
      'maxPool2d: stride must be at most 2147483647, got 4294967296',
    );
    expect(() => F.conv2d(planes(), randn(2, 2, 3, 3), null, { stride: null as never })).toThrow(
      'conv2d: stride must not be null; leave it out for its default',
    );
  });
});
