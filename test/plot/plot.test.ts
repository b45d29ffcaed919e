/** Charts as documents: well-formed, escaped, with marks at the right positions. */
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  data,
  LogisticRegression,
  MLPClassifier,
  memory,
  metrics,
  nn,
  Perceptron,
  plot,
  randn,
  tensor,
} from '../../src/index.ts';
import { marks, numbers, png, read, words } from '../support/pictures.ts';
import { all } from '../support/xml.ts';

describe('lines', () => {
  it('puts points at the right positions', () => {
    const svg = read(plot.lines({ a: [0, 10, 5] }, { title: 'T', xLabel: 'epoch', yLabel: 'loss' }));
    const [curve] = marks(svg, 'path');
    const [x0, y0, x1, y1, x2, y2] = numbers(curve!.attributes.d!) as [number, number, number, number, number, number];
    expect(x1 - x0).toBeCloseTo(x2 - x1, 1);
    expect(y2).toBeCloseTo((y0 + y1) / 2, 1);
    expect(y1).toBeLessThan(y0);
    // The tick of 10 is at the height of the point 10.
    const tick = all(svg, 'text').find(({ text }) => text === '10')!;
    expect(Number(tick.attributes.y) - 4).toBeCloseTo(y1, 1);
    expect(words(svg)).toEqual(expect.arrayContaining(['T', 'epoch', 'loss', 'a', '1', '2', '3']));
  });

  it('draws a history: a validation curve is dashed and has the colour of its training curve', () => {
    const svg = read(plot.lines({ loss: [2, 1], valLoss: [2.5, 2], accuracy: [0, 1] }));
    const [loss, valLoss, accuracy] = marks(svg, 'path').map(({ attributes }) => attributes);
    expect(valLoss!.stroke).toBe(loss!.stroke);
    expect(accuracy!.stroke).not.toBe(loss!.stroke);
    expect([loss!['stroke-dasharray'], valLoss!['stroke-dasharray']]).toEqual([undefined, '6 4']);
    expect(svg.children[1]!.text).toContain('valLoss: 2 values, the last is 2.000.');
  });

  it('leaves a gap where a number is missing, and marks isolated points', () => {
    const svg = read(plot.lines({ a: [1, Number.NaN, 3, 4, Infinity, 2] }));
    expect(marks(svg, 'path')).toHaveLength(1);
    expect(marks(svg, 'circle')).toHaveLength(2);
  });

  it('accepts typed arrays, tensors, x positions, a single value and equal values', () => {
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

  it('escapes the texts that it is given', () => {
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
  it("counts as numpy's histogram does", () => {
    // numpy.histogram([0, 0.4, 1, 1.9, 2, 4], 4) → [2, 2, 1, 1]
    const svg = read(plot.histogram([0, 0.4, 1, 1.9, 2, 4], { bins: 4 }));
    const bars = marks(svg, 'rect').map(({ attributes }) => Number(attributes.height));
    expect(bars.map((height) => height / bars[3]!)).toEqual([2, 2, 1, 1].map((n) => expect.closeTo(n, 2)));
  });

  it('accepts tensors of any shape, equal numbers, several lists', () => {
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
  it('has a cell for each pair of classes, darker for a larger share of its row', () => {
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

  it('accepts tensors, shares, many classes, empty rows, sizes', () => {
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

  it('accepts tensors with one or three channels, and a range', () => {
    const colour = tensor([1, 0, 0, 1, -5, 0.25], { shape: [1, 3, 1, 2] });
    const { data: rgba } = png(all(read(plot.images(colour, { range: [0, 1] })), 'image')[0]!);
    expect(Array.from(rgba)).toEqual([255, 0, 0, 255, 0, 255, 64, 255]);
    expect(all(read(plot.images(randn(5, 1, 200, 150))), 'image')).toHaveLength(5);
    expect(all(read(plot.images(tensor(new Float32Array(4), { shape: [1, 2, 2] }))), 'image')).toHaveLength(1);
  });

  it('writes data that zlib reads, also in several blocks', () => {
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

  it('draws the line where the score crosses the threshold', () => {
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

  it('gives regions the colours of the examples in them', () => {
    const svg = read(
      plot.decisionBoundary((points) => points.select(1, 0).gt(0).to('int32'), x, y, { resolution: 20 }),
    );
    const { data: rgba, width } = png(marks(svg, 'image')[0]!);
    const [first, last] = [rgba.subarray(0, 3), rgba.subarray((width - 1) * 4, (width - 1) * 4 + 3)];
    // Class 0 is blue, class 1 is orange.
    expect(first[2]).toBeGreaterThan(first[0]!);
    expect(last[0]).toBeGreaterThan(last[2]!);
  });

  it('accepts modules, estimators, tensors, names of classes', () => {
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

  it('draws three classes, and leaks nothing', () => {
    const [points, classes] = data.makeBlobs(30, { centers: 3, seed: 1 });
    const model = new nn.Linear(2, 3);
    const { tensors } = memory();
    const svg = read(plot.decisionBoundary(model, points, classes));
    expect(memory().tensors).toBe(tensors);
    expect(marks(svg, 'circle')).toHaveLength(30);
    expect(words(svg)).toEqual(expect.arrayContaining(['0', '1', '2']));
  });
});
