import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, plot, ShapeError, tensor } from '../../src/index.ts';
import { marks, numbers, read, words } from '../support/pictures.ts';
import { describeRefusals } from '../support/refusals.ts';
import { all } from '../support/xml.ts';

const wrong = (x: unknown) => x as never;

describe('contours', () => {
  it('draws lines of equal value: circles for x² + y²', () => {
    const svg = read(
      plot.contours((a, b) => a * a + b * b, {
        x: [-2, 2],
        y: [-2, 2],
        levels: [1],
        paths: {
          p: [
            [0, 0],
            [1, 0],
          ],
        },
      }),
    );
    const [line] = marks(svg, 'path');
    const [start, end] = marks(svg, 'circle').map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)]);
    const [cx, cy] = start as [number, number];
    const unit = end![0]! - cx;
    const tall =
      unit *
      (Number(svg.children.find((c) => c.name === 'svg')!.attributes.height) /
        Number(svg.children.find((c) => c.name === 'svg')!.attributes.width));
    const places = numbers(line!.attributes.d!);
    expect(places.length).toBeGreaterThan(100);
    for (let i = 0; i < places.length; i += 2)
      expect(Math.hypot((places[i]! - cx) / unit, (places[i + 1]! - cy) / tall)).toBeCloseTo(1, 2);
  });

  it('draws the requested number of lines, finds its own domain, and skips values that are not finite', () => {
    expect(marks(read(plot.contours((a) => a, { levels: 5 })), 'path')).toHaveLength(5);
    const svg = read(
      plot.contours((a, b) => Math.log(a) + b, {
        paths: {
          a: [
            [1, 1],
            [3, 2],
          ],
          b: tensor([[2, 2]]),
        },
      }),
    );
    expect(words(svg)).toEqual(expect.arrayContaining(['a', 'b']));
    read(plot.contours(() => 1));
    // A saddle has two lines in its middle cell.
    read(plot.contours((a, b) => a * b, { levels: [0.001, -0.001], resolution: 2 }));
  });
});

describe('graph', () => {
  it('draws a Sequential from top to bottom, with inner layers', () => {
    const inner = new nn.Sequential(new nn.Tanh(), new nn.Linear(8, 1));
    const svg = read(plot.graph(new nn.Sequential(new nn.Linear(2, 8), inner), { title: 'Net' }));
    expect(words(svg)).toEqual([
      'Net',
      'input',
      'Linear(2, 8)',
      '24 parameters',
      'Tanh',
      'Linear(8, 1)',
      '9 parameters',
      'output',
    ]);
    const rows = all(svg, 'rect')
      .slice(1)
      .map(({ attributes }) => Number(attributes.y));
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(new Set(rows).size).toBe(5);
    expect(svg.children[1]!.text).toContain('Tanh after Linear(2, 8)');
  });

  it('draws branches: no boxes overlap, edges go from each box to the next', () => {
    const g = new nn.Graph();
    const [a, b] = [g.input([4]), g.input([3])];
    const shared = new nn.Linear(4, 4);
    const h = g.apply(shared, a);
    const sum = g.add(a, h, g.apply(shared, h));
    const joined = g.concat([sum, b]);
    const model = g.model({ inputs: [a, b], outputs: [g.apply(new nn.Linear(7, 1), joined), h] });
    const svg = read(plot.graph(model));
    expect(words(svg)).toEqual(
      expect.arrayContaining(['input 0', '[4]', 'input 1', '[3]', 'add', 'concat', 'output 0', 'output 1']),
    );
    const boxes = all(svg, 'rect')
      .slice(1)
      .map(({ attributes: r }) => [r.x, r.y, r.width, r.height].map(Number));
    expect(boxes).toHaveLength(9);
    boxes.forEach(([x, y, width, height], i) => {
      for (const [x2, y2, width2, height2] of boxes.slice(i + 1)) {
        const apart = x! + width! <= x2! || x2! + width2! <= x! || y! + height! <= y2! || y2! + height2! <= y!;
        expect(apart).toBe(true);
      }
    });
    // An edge and its tip: linear 1, linear 2, three into add, two into concat, one into the last layer, two outputs.
    expect(all(svg, 'path')).toHaveLength(2 * 10);
    expect(svg.children[1]!.text).toContain('concat after add and input 1');
  });
});

describeRefusals('charts refuse', [
  ['lines: nothing', () => plot.lines({}), ArgumentError, 'plot.lines: series is empty'],
  ['lines: an empty curve', () => plot.lines({ a: [] }), ArgumentError, 'plot.lines: a is empty'],
  ['lines: no finite number', () => plot.lines({ a: [Number.NaN] }), ArgumentError, 'has no finite number'],
  ['lines: not an object', () => plot.lines(wrong([1, 2])), ArgumentError, 'series must be an object'],
  ['lines: texts', () => plot.lines({ a: wrong(['1']) }), ArgumentError, 'a[0] must be a number, got string'],
  [
    'lines: too few x values',
    () => plot.lines({ a: [1, 2] }, { x: [1] }),
    ArgumentError,
    'x has 1 values, the longest curve has 2',
  ],
  ['lines: log of 0', () => plot.lines({ a: [0, 1] }, { yScale: 'log' }), ArgumentError, 'must be positive'],
  ['lines: unknown option', () => plot.lines({ a: [1] }, wrong({ titel: 'x' })), ArgumentError, 'unknown option titel'],
  ['lines: unknown scale', () => plot.lines({ a: [1] }, { yScale: wrong('ln') }), ArgumentError, `'linear' or 'log'`],
  ['lines: no width', () => plot.lines({ a: [1] }, { width: 3 }), ArgumentError, 'width must be between 160 and 10000'],
  [
    'lines: a title that is not a string',
    () => plot.lines({ a: [1] }, { title: wrong(3) }),
    ArgumentError,
    'title must be a string',
  ],
  ['lines: too far apart', () => plot.lines({ a: [1e308, -1e308] }), ArgumentError, 'too far apart'],
  ['roc: nothing', () => plot.roc({}), ArgumentError, 'curve is empty'],
  [
    'roc: lengths',
    () => plot.roc({ fpr: [0, 1], tpr: [0], thresholds: [] }),
    ArgumentError,
    'tpr has 1 values, fpr has 2',
  ],
  ['roc: not a rate', () => plot.roc({ fpr: [0, 2], tpr: [0, 1], thresholds: [] }), ArgumentError, 'has a rate of 2'],
  ['histogram: nothing', () => plot.histogram([]), ArgumentError, 'plot.histogram: values is empty'],
  ['histogram: NaN', () => plot.histogram([1, Number.NaN]), ArgumentError, 'values[1] must be finite, got NaN'],
  [
    'histogram: no bins',
    () => plot.histogram([1], { bins: 0 }),
    ArgumentError,
    'bins must be a whole number of at least 1',
  ],
  ['confusion: nothing', () => plot.confusion([]), ArgumentError, 'matrix is empty'],
  ['confusion: not square', () => plot.confusion([[1, 2]]), ShapeError, 'must be square'],
  ['confusion: negative', () => plot.confusion([[-1]]), ArgumentError, 'must not be negative'],
  [
    'confusion: labels',
    () => plot.confusion([[1]], { labels: ['a', 'b'] }),
    ShapeError,
    'labels must be a list of 1 strings',
  ],
  ['images: one picture', () => plot.images(tensor([[1]])), ShapeError, 'got [1,1]'],
  ['images: two channels', () => plot.images(tensor([1, 2], { shape: [1, 2, 1, 1] })), ShapeError, '[N,3,H,W]'],
  ['images: nothing', () => plot.images([]), ArgumentError, 'are empty'],
  ['images: ragged', () => plot.images([[[1, 2], [3]]]), ArgumentError, 'finite numbers in equal rows'],
  ['images: columns', () => plot.images([[[1]]], { columns: 0 }), ArgumentError, 'columns must be a whole number'],
  ['boundary: 3-D', () => plot.decisionBoundary((p) => p, [[1, 2, 3]], [0]), ShapeError, 'x must be points [N,2]'],
  ['boundary: classes', () => plot.decisionBoundary((p) => p, [[1, 2]], [0, 1]), ShapeError, 'x has 1 points, y has 2'],
  [
    'boundary: output',
    () => plot.decisionBoundary((p) => p.T, [[1, 2]], [0]),
    ShapeError,
    'for M points, got [2,10000]',
  ],
  [
    'boundary: a result that is not a tensor',
    () =>
      plot.decisionBoundary(
        wrong(() => 3),
        [[1, 2]],
        [0],
      ),
    ArgumentError,
    'must give a tensor',
  ],
  ['boundary: not a model', () => plot.decisionBoundary(wrong({}), [[1, 2]], [0]), ArgumentError, 'must be a module'],
  ['contours: not a function', () => plot.contours(wrong(3)), ArgumentError, 'fn must be a function'],
  ['contours: nowhere finite', () => plot.contours(() => Number.NaN), ArgumentError, 'finite nowhere'],
  ['contours: empty path', () => plot.contours((a) => a, { paths: { p: [] } }), ArgumentError, 'p is empty'],
  ['contours: domain', () => plot.contours((a) => a, { x: [1, 0] }), ArgumentError, 'low < high'],
  ['graph: another module', () => plot.graph(wrong(new nn.ReLU())), ArgumentError, 'must be a Sequential'],
  ['graph: no layers', () => plot.graph(new nn.Sequential()), ArgumentError, 'has no layers'],
]);
