/** Pictures as documents: well-formed, escaped, with the marks where they belong; and what the charts refuse. */
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  LogisticRegression,
  MLPClassifier,
  memory,
  metrics,
  nn,
  Perceptron,
  plot,
  randn,
  ShapeError,
  tensor,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';
import { all, parseXml, type XmlElement } from '../support/xml.ts';

const wrong = (x: unknown) => x as never;
const NUMBERS = /-?\d+(?:\.\d+)?/g;
const numbers = (text: string): number[] => (text.match(NUMBERS) ?? []).map(Number);
const words = (svg: XmlElement): string[] => all(svg, 'text').map((element) => element.text);

/** Reads a picture; every number in it is finite, it has a name, a description, and its texts lie inside it. */
function read(source: string): XmlElement {
  const svg = parseXml(source);
  expect(svg.name).toBe('svg');
  expect(svg.attributes).toMatchObject({ xmlns: 'http://www.w3.org/2000/svg', role: 'img' });
  expect(source.replace(/base64,[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined|null/);
  expect(svg.children[0]!.name).toBe('title');
  expect(svg.children[0]!.text).not.toBe('');
  expect(svg.children[1]!.name).toBe('desc');
  expect(svg.children[1]!.text).not.toBe('');
  const [, , width, height] = numbers(svg.attributes.viewBox!);
  expect([Number(svg.attributes.width), Number(svg.attributes.height)]).toEqual([width, height]);
  for (const { attributes } of all(svg, 'text')) {
    expect(Number(attributes.x)).toBeGreaterThanOrEqual(0);
    expect(Number(attributes.x)).toBeLessThanOrEqual(width!);
    expect(Number(attributes.y)).toBeGreaterThanOrEqual(8);
    expect(Number(attributes.y)).toBeLessThanOrEqual(height!);
  }
  return svg;
}

/** The marks of a chart with axes. */
const marks = (svg: XmlElement, name: string): XmlElement[] => all(svg.children.find((c) => c.name === 'svg')!, name);

function png(image: XmlElement): PNG {
  const [head, body] = image.attributes.href!.split(',');
  expect(head).toBe('data:image/png;base64');
  return PNG.sync.read(Buffer.from(body!, 'base64'));
}

describe('lines', () => {
  it('puts points where they belong', () => {
    const svg = read(plot.lines({ a: [0, 10, 5] }, { title: 'T', xLabel: 'epoch', yLabel: 'loss' }));
    const [curve] = marks(svg, 'path');
    const [x0, y0, x1, y1, x2, y2] = numbers(curve!.attributes.d!) as [number, number, number, number, number, number];
    expect(x1 - x0).toBeCloseTo(x2 - x1, 1);
    expect(y2).toBeCloseTo((y0 + y1) / 2, 1);
    expect(y1).toBeLessThan(y0);
    // The tick of 10 stands at the height of the point 10.
    const tick = all(svg, 'text').find(({ text }) => text === '10')!;
    expect(Number(tick.attributes.y) - 4).toBeCloseTo(y1, 1);
    expect(words(svg)).toEqual(expect.arrayContaining(['T', 'epoch', 'loss', 'a', '1', '2', '3']));
  });

  it('draws a history: validation has the colour of its partner, and dashes', () => {
    const svg = read(plot.lines({ loss: [2, 1], valLoss: [2.5, 2], accuracy: [0, 1] }));
    const [loss, valLoss, accuracy] = marks(svg, 'path').map(({ attributes }) => attributes);
    expect(valLoss!.stroke).toBe(loss!.stroke);
    expect(accuracy!.stroke).not.toBe(loss!.stroke);
    expect([loss!['stroke-dasharray'], valLoss!['stroke-dasharray']]).toEqual([undefined, '6 4']);
    expect(svg.children[1]!.text).toContain('valLoss: 2 values, the last is 2.000.');
  });

  it('leaves a gap where a number is missing, and marks what stands alone', () => {
    const svg = read(plot.lines({ a: [1, Number.NaN, 3, 4, Infinity, 2] }));
    expect(marks(svg, 'path')).toHaveLength(1);
    expect(marks(svg, 'circle')).toHaveLength(2);
  });

  it('takes typed arrays, tensors, places, one value, equal values', () => {
    const places = read(plot.lines({ a: tensor([1, 2, 3]), b: Float64Array.of(1, 1) }, { x: [10, 20, 40] }));
    const [x0, , x1, , x2] = numbers(marks(places, 'path')[0]!.attributes.d!);
    expect((x2! - x0!) / (x1! - x0!)).toBeCloseTo(3, 1);
    expect(marks(read(plot.lines({ a: [7] })), 'circle')).toHaveLength(1);
    read(plot.lines({ a: [3, 3, 3] }));
    read(plot.lines({ a: [1e-30, 2e-30] }));
    read(plot.lines({ a: [1e30, -2e30] }, { width: 160, height: 120 }));
  });

  it('has a logarithmic axis', () => {
    const svg = read(plot.lines({ a: [1, 10, 100] }, { yScale: 'log' }));
    const [, y0, , y1, , y2] = numbers(marks(svg, 'path')[0]!.attributes.d!);
    expect(y1! - y0!).toBeCloseTo(y2! - y1!, 1);
    expect(words(svg)).toEqual(expect.arrayContaining(['1', '10', '100']));
  });

  it('escapes what it is given', () => {
    const title = '<script>alert("1")</script> & \'x\' \u0000 \ud800';
    const svg = read(plot.lines({ '<b>': [1, 2] }, { title, description: ']]> &amp;', width: 1000 }));
    expect(svg.children[0]!.text).toBe('<script>alert("1")</script> & \'x\' \ufffd \ufffd');
    expect(svg.children[1]!.text).toBe(']]> &amp;');
    expect(words(svg)).toContain('<b>');
    expect(all(svg, 'script')).toEqual([]);
  });
});

describe('roc', () => {
  it('draws the curve, the diagonal and the area', () => {
    const curve = metrics.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
    const svg = read(plot.roc(curve));
    expect(words(svg)).toContain('AUC 0.750');
    const [diagonal, line] = marks(svg, 'path');
    const [left, bottom, right, top] = numbers(diagonal!.attributes.d!);
    const places = numbers(line!.attributes.d!);
    expect(places.slice(0, 2)).toEqual([left, bottom]);
    expect(places.slice(-2)).toEqual([right, top]);
    expect(places).toHaveLength(2 * curve.fpr.length);
    expect(words(read(plot.roc({ A: curve, B: curve })))).toEqual(
      expect.arrayContaining(['A: AUC 0.750', 'B: AUC 0.750']),
    );
  });
});

describe('histogram', () => {
  it("counts as numpy's does", () => {
    // numpy.histogram([0, 0.4, 1, 1.9, 2, 4], 4) → [2, 2, 1, 1]
    const svg = read(plot.histogram([0, 0.4, 1, 1.9, 2, 4], { bins: 4 }));
    const bars = marks(svg, 'rect').map(({ attributes }) => Number(attributes.height));
    expect(bars.map((height) => height / bars[3]!)).toEqual([2, 2, 1, 1].map((n) => expect.closeTo(n, 2)));
  });

  it('takes tensors of any shape, equal numbers, several lists', () => {
    expect(
      marks(
        read(
          plot.histogram(
            tensor([
              [1, 2],
              [3, 4],
            ]),
            { bins: 4 },
          ),
        ),
        'rect',
      ),
    ).toHaveLength(4);
    expect(marks(read(plot.histogram([5, 5, 5])), 'rect')).toHaveLength(1);
    const svg = read(plot.histogram({ a: [0, 1], b: [1, 2] }, { bins: 2 }));
    expect(marks(svg, 'rect')).toHaveLength(3);
    expect(words(svg)).toEqual(expect.arrayContaining(['a', 'b']));
  });
});

describe('confusion', () => {
  it('has a cell for each pair of classes, darker the more of its row it holds', () => {
    const svg = read(
      plot.confusion(
        [
          [8, 2],
          [0, 10],
        ],
        { labels: ['malignant', 'benign'], title: 'T' },
      ),
    );
    expect(words(svg)).toEqual(
      expect.arrayContaining(['8', '2', '0', '10', 'malignant', 'benign', 'true', 'predicted']),
    );
    const fills = all(svg, 'rect')
      .slice(1)
      .map(({ attributes }) => numbers(attributes.fill!)[0]!);
    expect(fills).toHaveLength(4);
    expect(fills[0]).toBeLessThan(fills[1]!);
    expect(fills[3]).toBeLessThan(fills[0]!);
    expect(fills[2]).toBeGreaterThan(fills[1]!);
    expect(svg.children[1]!.text).toContain('18 of 20 on the diagonal');
  });

  it('takes tensors, shares, many classes, empty rows, sizes', () => {
    expect(
      words(
        read(
          plot.confusion(
            tensor([
              [0.5, 0.5],
              [0, 0],
            ]),
          ),
        ),
      ),
    ).toContain('0.50');
    const many = Array.from({ length: 30 }, (_, i) => Array.from({ length: 30 }, (_, j) => i * j));
    expect(all(read(plot.confusion(many, { width: 500, height: 500 })), 'rect')).toHaveLength(901);
  });
});

describe('images', () => {
  it('draws each picture pixel by pixel', () => {
    const pictures = [
      [
        [0, 1],
        [0.5, 1],
      ],
      [
        [1, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ];
    const svg = read(plot.images(pictures, { columns: 2, labels: ['a', 'b', 3] }));
    const drawn = all(svg, 'image');
    expect(drawn).toHaveLength(3);
    expect(drawn[1]!.attributes.y).toBe(drawn[0]!.attributes.y);
    expect(Number(drawn[2]!.attributes.y)).toBeGreaterThan(Number(drawn[0]!.attributes.y));
    const { width, height, data: rgba } = png(drawn[0]!);
    expect([width, height]).toEqual([2, 2]);
    expect([0, 4, 8, 12].map((i) => rgba[i])).toEqual([0, 255, 128, 255]);
    expect(words(svg)).toEqual(['a', 'b', '3']);
  });

  it('takes tensors with one or three channels, and a range', () => {
    const colour = tensor([1, 0, 0, 1, -5, 0.25], { shape: [1, 3, 1, 2] });
    const { data: rgba } = png(all(read(plot.images(colour, { range: [0, 1] })), 'image')[0]!);
    expect(Array.from(rgba)).toEqual([255, 0, 0, 255, 0, 255, 64, 255]);
    expect(all(read(plot.images(randn(5, 1, 200, 150))), 'image')).toHaveLength(5);
    expect(all(read(plot.images(tensor(new Float32Array(4), { shape: [1, 2, 2] }))), 'image')).toHaveLength(1);
  });

  it('writes data that zlib reads, in several blocks too', () => {
    const image = all(read(plot.images(randn(1, 160, 160))), 'image')[0]!;
    const bytes = Buffer.from(image.attributes.href!.split(',')[1]!, 'base64');
    const at = bytes.indexOf('IDAT');
    expect(inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))).toHaveLength(160 * (1 + 3 * 160));
  });
});

describe('decisionBoundary', () => {
  const x = [
    [-1, 0],
    [1, 0],
    [-1, 1],
    [1, 1],
  ];
  const y = [0, 1, 0, 1];

  it('draws the line where the score passes the threshold', () => {
    const source = plot.decisionBoundary((points) => points.select(1, 0), x, y, { threshold: 0.25, resolution: 41 });
    const svg = read(source);
    expect(marks(svg, 'circle')).toHaveLength(4);
    expect(marks(svg, 'image')).toHaveLength(1);
    const [left, right] = [marks(svg, 'circle')[0]!, marks(svg, 'circle')[1]!].map(({ attributes }) =>
      Number(attributes.cx),
    );
    const line = numbers(marks(svg, 'path')[0]!.attributes.d!).filter((_, i) => i % 2 === 0);
    for (const px of line) expect((px - left!) / (right! - left!)).toBeCloseTo(0.625, 2);
    expect(words(svg)).toEqual(expect.arrayContaining(['0', '1']));
  });

  it('colours regions as the examples in them', () => {
    const svg = read(
      plot.decisionBoundary((points) => points.select(1, 0).gt(0).to('int32'), x, y, { resolution: 20 }),
    );
    const { data: rgba, width } = png(marks(svg, 'image')[0]!);
    const [first, last] = [rgba.subarray(0, 3), rgba.subarray((width - 1) * 4, (width - 1) * 4 + 3)];
    // Class 0 is blue, class 1 is orange.
    expect(first[2]).toBeGreaterThan(first[0]!);
    expect(last[0]).toBeGreaterThan(last[2]!);
  });

  it('takes modules, estimators, tensors, names of classes', () => {
    const [points, classes] = data.makeMoons(40, { seed: 1 });
    const names = Array.from(classes.dataSync(), (c) => (c === 0 ? 'up' : 'down'));
    const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Dropout(0.5), new nn.Linear(4, 2));
    model.eval();
    model[1]!.train();
    read(plot.decisionBoundary(model, points, classes));
    expect([model.training, model[1]!.training]).toEqual([false, true]);
    for (const estimator of [new LogisticRegression(), new Perceptron(), new MLPClassifier({ seed: 1, maxIter: 5 })]) {
      const svg = read(plot.decisionBoundary(estimator.fit(points, classes), points, classes, { labels: ['a', 'b'] }));
      expect(words(svg)).toEqual(expect.arrayContaining(['a', 'b']));
    }
    const named = read(plot.decisionBoundary(new LogisticRegression().fit(points, names), points, names));
    expect(words(named)).toEqual(expect.arrayContaining(['up', 'down']));
  });

  it('draws three classes, and leaves nothing behind', () => {
    const [points, classes] = data.makeBlobs(30, { centers: 3, seed: 1 });
    const model = new nn.Linear(2, 3);
    const { tensors } = memory();
    const svg = read(plot.decisionBoundary(model, points, classes));
    expect(memory().tensors).toBe(tensors);
    expect(marks(svg, 'circle')).toHaveLength(30);
    expect(words(svg)).toEqual(expect.arrayContaining(['0', '1', '2']));
  });
});

describe('contours', () => {
  it('draws lines of equal value: circles of x² + y²', () => {
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

  it('has as many lines as asked for, finds its own domain, and passes over what is not finite', () => {
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
  it('draws a Sequential from top to bottom, with what is inside', () => {
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

  it('draws branches: no box covers another, edges go from each box to the next', () => {
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

check([
  ['lines: nothing', () => plot.lines({}), ArgumentError, 'plot.lines: series is empty'],
  ['lines: an empty curve', () => plot.lines({ a: [] }), ArgumentError, 'plot.lines: a is empty'],
  ['lines: no finite number', () => plot.lines({ a: [Number.NaN] }), ArgumentError, 'has no finite number'],
  ['lines: no object', () => plot.lines(wrong([1, 2])), ArgumentError, 'series must be an object'],
  ['lines: texts', () => plot.lines({ a: wrong(['1']) }), ArgumentError, 'a[0] must be a number, got string'],
  ['lines: few places', () => plot.lines({ a: [1, 2] }, { x: [1] }), ArgumentError, 'x has 1 places for 2 values'],
  ['lines: log of 0', () => plot.lines({ a: [0, 1] }, { yScale: 'log' }), ArgumentError, 'must be positive'],
  ['lines: unknown option', () => plot.lines({ a: [1] }, wrong({ titel: 'x' })), ArgumentError, 'unknown option titel'],
  ['lines: unknown scale', () => plot.lines({ a: [1] }, { yScale: wrong('ln') }), ArgumentError, `'linear' or 'log'`],
  ['lines: no width', () => plot.lines({ a: [1] }, { width: 3 }), ArgumentError, 'width must be between 160 and 10000'],
  [
    'lines: a title that is no text',
    () => plot.lines({ a: [1] }, { title: wrong(3) }),
    ArgumentError,
    'title must be a text',
  ],
  ['lines: too far apart', () => plot.lines({ a: [1e308, -1e308] }), ArgumentError, 'too far apart'],
  ['roc: nothing', () => plot.roc({}), ArgumentError, 'curve is empty'],
  [
    'roc: lengths',
    () => plot.roc({ fpr: [0, 1], tpr: [0], thresholds: [] }),
    ArgumentError,
    'tpr has 1 values, fpr has 2',
  ],
  ['roc: no rate', () => plot.roc({ fpr: [0, 2], tpr: [0, 1], thresholds: [] }), ArgumentError, 'has a rate 2'],
  ['histogram: nothing', () => plot.histogram([]), ArgumentError, 'plot.histogram: values is empty'],
  ['histogram: NaN', () => plot.histogram([1, Number.NaN]), ArgumentError, 'values[1] must be finite, got NaN'],
  [
    'histogram: no bins',
    () => plot.histogram([1], { bins: 0 }),
    ArgumentError,
    'bins must be a whole number from 1 on',
  ],
  ['confusion: nothing', () => plot.confusion([]), ArgumentError, 'matrix is empty'],
  ['confusion: not square', () => plot.confusion([[1, 2]]), ShapeError, 'must be square'],
  ['confusion: negative', () => plot.confusion([[-1]]), ArgumentError, 'must not be negative'],
  ['confusion: labels', () => plot.confusion([[1]], { labels: ['a', 'b'] }), ShapeError, 'labels must be 1 texts'],
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
    'boundary: no tensor',
    () =>
      plot.decisionBoundary(
        wrong(() => 3),
        [[1, 2]],
        [0],
      ),
    ArgumentError,
    'must give a tensor',
  ],
  ['boundary: no model', () => plot.decisionBoundary(wrong({}), [[1, 2]], [0]), ArgumentError, 'must be a module'],
  ['contours: no function', () => plot.contours(wrong(3)), ArgumentError, 'fn must be a function'],
  ['contours: nowhere finite', () => plot.contours(() => Number.NaN), ArgumentError, 'finite nowhere'],
  ['contours: empty path', () => plot.contours((a) => a, { paths: { p: [] } }), ArgumentError, 'p is empty'],
  ['contours: domain', () => plot.contours((a) => a, { x: [1, 0] }), ArgumentError, 'low < high'],
  ['graph: another module', () => plot.graph(wrong(new nn.ReLU())), ArgumentError, 'must be a Sequential'],
  ['graph: no layers', () => plot.graph(new nn.Sequential()), ArgumentError, 'has no layers'],
]);
