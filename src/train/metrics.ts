/** Metrics that accumulate over batches, by name or as functions. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { f1, precision, r2, recall, rocAuc } from '../metrics/index.ts';
import { type Shape, show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A metric that accumulates over batches. */
export interface Metric {
  /** Its name in logs and in the history. */
  readonly name: string;
  /** Forgets all batches. */
  reset(): void;
  /** Takes in a batch. */
  update(output: Tensor, target: Tensor): void;
  /** Its value over all batches since `reset`. */
  result(): number;
}

/** A metric of one batch; the mean over batches is weighted by their numbers of examples. */
export type MetricFunction = (target: Tensor, output: Tensor) => number | Tensor;

type Measure = (output: Tensor, target: Tensor, reading: Reading) => [sum: number, count: number];

/** Sum over count. */
function averaged(name: string, measure: Measure, reading: Reading): Metric {
  let sum = 0;
  let count = 0;
  return {
    name,
    reset() {
      sum = 0;
      count = 0;
    },
    update(output, target) {
      const [more, n] = measure(output, target, reading);
      sum += more;
      count += n;
    },
    result: () => sum / count,
  };
}

/** How classes are read from a model's outputs; it follows from the loss. */
export interface Reading {
  /** A single output, or one of several labels, means yes above this value. */
  threshold: number;
  /** Whether [N, C] targets are probabilities of classes, of which the largest counts; otherwise each is yes or no. */
  isOneHot: boolean;
}

/** Predictions, and the true values. */
interface Pairs {
  guesses: ArrayLike<number>;
  truth: ArrayLike<number>;
}

/** Indices of the largest values along dimension 1 of [N, C, …]. */
function largest(values: ArrayLike<number>, rows: number, classes: number): Int32Array {
  const inner = values.length / rows / classes;
  const result = new Int32Array(rows * inner);
  for (let i = 0; i < result.length; i++) {
    const start = Math.floor(i / inner) * classes * inner + (i % inner);
    let best = 0;
    for (let j = 1; j < classes; j++) if (values[start + j * inner]! > values[start + best * inner]!) best = j;
    result[i] = best;
  }
  return result;
}

/**
 * The predicted classes and the true ones: for outputs [N, C, …] and targets [N, …] the largest output; if both are [N, L], the
 * largest (one-hot) or each above the threshold (several labels); for [N] or [N, 1] whether the output is above the threshold.
 */
function classesOf(name: string, output: Tensor, target: Tensor, { threshold, isOneHot }: Reading): Pairs {
  const values = output.dataSync();
  const truth = target.dataSync();
  const rows = output.shape[0] ?? 1;
  const classes = output.shape[1] ?? 1;
  const isSame = values.length === truth.length;
  if (classes > 1 && values.length === truth.length * classes)
    return { guesses: largest(values, rows, classes), truth };
  if (isSame && classes > 1 && isOneHot)
    return { guesses: largest(values, rows, classes), truth: largest(truth, rows, classes) };
  if (isSame && (classes === 1 || output.ndim === target.ndim))
    return { guesses: values.map((value) => Number(value > threshold)), truth };
  misfit(name, output, target, [rows]);
}

/** Refuses outputs and targets that do not fit each other. */
function misfit(name: string, output: Tensor, target: Tensor, expected: Shape): never {
  refuse(ShapeError, name, `outputs ${show(output.shape)} do not fit targets ${show(target.shape)}`, {
    argument: 'target',
    got: target.shape,
    expected,
  });
}

const hits: Measure = (output, target, reading) => {
  const { guesses, truth } = classesOf('accuracy', output, target, reading);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += Number(guesses[i] === truth[i]);
  return [sum, truth.length];
};

/** Refuses outputs and targets of different lengths. */
function checkSame(name: string, output: Tensor, target: Tensor): void {
  if (output.numel !== target.numel) misfit(name, output, target, output.shape);
}

/** The mean of a function of each difference. */
function ofDifferences(fn: (difference: number) => number): Make {
  return (name, reading) =>
    averaged(
      name,
      (output, target) => {
        checkSame(name, output, target);
        const [values, truth] = [output.dataSync(), target.dataSync()];
        let sum = 0;
        for (let i = 0; i < values.length; i++) sum += fn(values[i]! - truth[i]!);
        return [sum, values.length];
      },
      reading,
    );
}

/** A metric that is computed from all examples at once. */
function ofAll(read: (name: string, output: Tensor, target: Tensor, reading: Reading) => Pairs, score: Score): Make {
  return (name, reading) => {
    let truth: number[] = [];
    let guesses: number[] = [];
    return {
      name,
      reset() {
        truth = [];
        guesses = [];
      },
      update(output, target) {
        const more = read(name, output, target, reading);
        for (let i = 0; i < more.truth.length; i++) {
          truth.push(more.truth[i]!);
          guesses.push(more.guesses[i]!);
        }
      },
      result: () => score(truth, guesses),
    };
  };
}

type Score = (truth: number[], guesses: number[]) => number;
type Make = (name: string, reading: Reading) => Metric;

/** Precision and the like: that of class 1 if there are two classes, otherwise the mean over the classes. */
function ofClasses(score: typeof precision): Make {
  return ofAll(classesOf, (truth, guesses) => {
    const isBinary = [...truth, ...guesses].every((label) => label === 0 || label === 1);
    return score(truth, guesses, { average: isBinary ? 'binary' : 'macro' });
  });
}

/** Numbers as they are. */
function numbersOf(name: string, output: Tensor, target: Tensor): Pairs {
  checkSame(name, output, target);
  return { guesses: output.dataSync(), truth: target.dataSync() };
}

/** The score of class 1: [N], [N, 1], or the second minus the first of [N, 2], which ranks examples as the probability does. */
function scoresOf(name: string, output: Tensor, target: Tensor): Pairs {
  if (output.ndim !== 2 || output.shape[1] !== 2) return numbersOf(name, output, target);
  const values = output.dataSync();
  const truth = target.dataSync();
  return { guesses: Float64Array.from(truth, (_, i) => values[2 * i + 1]! - values[2 * i]!), truth };
}

/** NaN while only one class has been seen, which part of the examples may be. */
const areaUnderRoc: Score = (truth, scores) => (new Set(truth).size < 2 ? Number.NaN : rocAuc(truth, scores));

const NAMED: Readonly<Record<string, Make>> = {
  accuracy: (name, reading) => averaged(name, hits, reading),
  precision: ofClasses(precision),
  recall: ofClasses(recall),
  f1: ofClasses(f1),
  auc: ofAll(scoresOf, areaUnderRoc),
  mae: ofDifferences(Math.abs),
  meanAbsoluteError: ofDifferences(Math.abs),
  mse: ofDifferences((x) => x * x),
  meanSquaredError: ofDifferences((x) => x * x),
  r2: ofAll(numbersOf, (truth, values) => r2(truth, values)),
};

function ofFunction(fn: MetricFunction, index: number, reading: Reading): Metric {
  const name = fn.name === '' ? `metric${index}` : fn.name;
  return averaged(
    name,
    (output, target) => {
      const value = fn(target, output);
      const n = target.shape[0] ?? 1;
      return [(isTensor(value) ? value.item() : value) * n, n];
    },
    reading,
  );
}

/** The metrics of a list of names, functions and metrics. */
export function metricsOf(list: readonly (string | MetricFunction | Metric)[], reading: Reading): Metric[] {
  const op = 'Trainer';
  if (!Array.isArray(list)) {
    refuse(ArgumentError, op, "metrics must be a list such as ['accuracy']", { argument: 'metrics', got: list });
  }
  return list.map((given, i): Metric => {
    if (typeof given === 'function') return ofFunction(given, i, reading);
    if (typeof given === 'object' && given !== null && typeof given.update === 'function') return given;
    const make = typeof given === 'string' && Object.hasOwn(NAMED, given) ? NAMED[given] : undefined;
    if (make !== undefined) return make(given, reading);
    return refuse(
      ArgumentError,
      op,
      `unknown metric ${String(given)} (known: ${Object.keys(NAMED).join(', ')}, or a function)`,
      { argument: 'metrics', got: given },
    );
  });
}
