/** The class that a model predicts at each point of the plane. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { type Label, type Labels, labelsOf, uniqueLabels } from '../metrics/inputs.ts';
import { Module } from '../nn/module.ts';
import { tensor } from '../ops/index.ts';
import { checkFinite, checkWhole, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { fieldImage, type Grid, gridPlaces, gridPoints, isoline } from './field.ts';
import { frame } from './frame.ts';
import { AXES_KINDS, type AxesOptions, checkChart, type Points, pointsOf } from './inputs.ts';
import { rangeOf, scaleOf, widened } from './scale.ts';
import { colourOf, element, INK, PAPER, tint } from './svg.ts';

/** From points [M, 2] to scores [M], [M, 1] or [M, C], or to classes [M] int32. */
export type PlaneFunction = (points: Tensor) => Tensor;

/** An estimator: MLPClassifier, LogisticRegression, Perceptron. */
export interface PlaneClassifier {
  /** The classes of points [N, 2]. */
  predict(points: Tensor): unknown;
  /** Used if there is one: lines between probabilities are smoother than lines between classes. */
  predictProba?(points: Tensor): unknown;
}

/** Options of `decisionBoundary`. */
export interface BoundaryOptions extends AxesOptions {
  /** Where a model with one output changes from the first class to the second: 0.5 for probabilities (default), 0 for logits. */
  threshold?: number;
  /** Points along each side at which the model is evaluated. Default 100. */
  resolution?: number;
  /** Names of the classes for the legend, in order. */
  labels?: readonly string[];
}

/** The number of the class that wins at each point, and for each class a score that is positive where it wins. */
interface Verdict {
  winners: number[];
  margins: number[][];
}

function askModule(model: Module, points: Tensor): Tensor {
  const modes = model.modules().map((module) => [module, module.training] as const);
  try {
    return (model.eval().forward as PlaneFunction)(points);
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

function answers(op: string, model: Module | PlaneClassifier | PlaneFunction, points: Tensor): Tensor {
  const ask = (): unknown => {
    if (isInstance(model, Module)) return askModule(model, points);
    if (typeof model === 'function') return model(points);
    if (typeof model?.predictProba === 'function') return model.predictProba(points);
    if (typeof model?.predict === 'function') return model.predict(points);
    return refuse(ArgumentError, op, 'model must be a module, an estimator or a function of points', {
      argument: 'model',
      got: model,
    });
  };
  const given = ask();
  if (!isTensor(given)) return refuse(ArgumentError, op, 'model must give a tensor', { argument: 'model', got: given });
  return given;
}

function verdictOf(op: string, output: Tensor, count: number, classes: readonly Label[], threshold: number): Verdict {
  const isColumn = output.ndim === 1 || (output.ndim === 2 && output.shape[1] === 1);
  if (output.shape[0] !== count || !(isColumn || (output.ndim === 2 && output.shape[1]! >= 2))) {
    refuse(ShapeError, op, `the model must give [M], [M,1] or [M,C] for M points, got [${output.shape.join(',')}]`, {
      argument: 'model',
      got: output.shape,
    });
  }
  const values = output.dataSync();
  if (isColumn && output.dtype !== 'float32') {
    const winners = Array.from(values, (label) => Math.max(0, classes.indexOf(Number(label))));
    return { winners, margins: classes.map((_, c) => winners.map((winner) => (winner === c ? 0.5 : -0.5))) };
  }
  if (isColumn) {
    if (classes.length > 2)
      refuse(ArgumentError, op, `model gives one output for ${classes.length} classes`, {
        argument: 'model',
        got: output.shape,
      });
    const margin = Array.from(values, (value) => value - threshold);
    return { winners: margin.map((value) => (value >= 0 ? 1 : 0)), margins: [margin] };
  }
  const columns = output.shape[1]!;
  const isNumbered = classes.every((label) => Number.isInteger(label) && Number(label) >= 0 && Number(label) < columns);
  if (!isNumbered && columns !== classes.length) {
    refuse(ShapeError, op, `the model predicts ${columns} classes, y has ${classes.length}`, {
      argument: 'y',
      got: classes,
    });
  }
  const rows = Array.from({ length: count }, (_, i) => Array.from(values.slice(i * columns, (i + 1) * columns)));
  const winners = rows.map((row) => row.indexOf(Math.max(...row)));
  const margins = Array.from({ length: columns }, (_, c) =>
    rows.map((row) => row[c]! - Math.max(...row.filter((_, other) => other !== c))),
  );
  // Two classes share one line.
  return { winners, margins: columns === 2 ? margins.slice(1) : margins };
}

/**
 * The regions of the plane where a model predicts each class, and the examples.
 *
 * @param model a module, an estimator, or a function from points [M, 2] to scores or classes
 * @param x examples [N, 2]
 * @param y their classes [N]
 * @throws ShapeError where x is not [N, 2], y has another length, or the model's outputs do not fit
 * @example
 * const [x, y] = data.makeMoons(50, { noise: 0.2, seed: 1 });
 * const svg = plot.decisionBoundary(new MLPClassifier({ hiddenLayerSizes: [8], maxIter: 20, seed: 1 }).fit(x, y), x, y);
 */
export function decisionBoundary(
  model: Module | PlaneClassifier | PlaneFunction,
  x: Points,
  y: Labels,
  options: BoundaryOptions = {},
): string {
  if (arguments.length > 4) noMore('decisionBoundary', 4, arguments);
  const op = 'plot.decisionBoundary';
  checkChart(op, options, { ...AXES_KINDS, threshold: VALUE, resolution: VALUE, labels: VALUE });
  const { threshold = 0.5, resolution = 100 } = options;
  checkFinite(op, 'threshold', threshold);
  checkWhole(op, 'resolution', resolution, 2);
  const points = pointsOf(op, 'x', x);
  const labels = labelsOf(op, 'y', y);
  if (labels.length !== points.length) {
    refuse(ShapeError, op, `x has ${points.length} points, y has ${labels.length} classes`, { argument: 'y' });
  }
  const present = uniqueLabels(op, labels);
  const domain = (axis: 0 | 1) => widened(widened(rangeOf(points.map((point) => point[axis]))), 0.08);
  const grid: Grid = { x: domain(0), y: domain(1), size: resolution };
  const places = gridPoints(grid);
  const device = isTensor(x) ? x.device : undefined;
  const { winners, margins } = noGrad(() =>
    scope(() => verdictOf(op, answers(op, model, tensor(places, { device })), places.length, present, threshold)),
  );
  const columns = Math.max(margins.length === 1 ? 2 : margins.length, present.length);
  const isNumbered = present.every((label) => Number.isInteger(label) && Number(label) >= 0 && Number(label) < columns);
  const classOf = (label: Label) => (isNumbered ? Number(label) : present.indexOf(label));
  const classes = isNumbered ? Array.from({ length: columns }, (_, i) => i) : present;
  if (options.labels !== undefined && options.labels.length !== classes.length)
    refuse(ArgumentError, op, `labels must be ${classes.length} strings`, { argument: 'labels', got: options.labels });
  const names = options.labels ?? classes.map(String);
  const area = frame({
    ...options,
    width: options.width ?? 560,
    height: options.height ?? 460,
    fallback: 'Decision boundary',
    summary: `${points.length} examples of ${present.length} classes and the regions in which the model predicts each.`,
    legend: names.map((name, i) => ({ name, colour: colourOf(i) })),
    x: scaleOf(...grid.x, 6),
    y: scaleOf(...grid.y, 6),
  });
  const step = gridPlaces(area, resolution);
  const tints = classes.map((_, i) => tint(colourOf(i), 0.28));
  const line = { fill: 'none', stroke: INK, 'stroke-width': 1.5, 'stroke-linecap': 'round' };
  return area.draw([
    fieldImage(
      resolution,
      winners.map((winner) => tints[winner]!),
      area,
    ),
    ...margins
      .map((margin) => isoline(margin, resolution, 0, step))
      .flatMap((d) => (d === '' ? [] : element('path', { d, ...line }))),
    ...points.map(([px, py], i) => {
      const [cx, cy] = area.at(px, py);
      return element('circle', { cx, cy, r: 3.5, fill: colourOf(classOf(labels[i]!)), stroke: PAPER });
    }),
  ]);
}
