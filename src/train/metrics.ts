/** Metrics that grow batch by batch, by name or as functions. */
import { ArgumentError, ShapeError } from '../../bindings/errors.ts';
import { f1, precision, recall } from '../metrics/index.ts';
import { show } from '../tensor/shapes.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A metric that sees one batch after the other. */
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

/** A metric of one batch; batches are averaged, each by its number of examples. */
export type MetricFunction = (target: Tensor, output: Tensor) => number | Tensor;

/** Sum over count. */
function averaged(name: string, measure: (output: Tensor, target: Tensor) => [sum: number, count: number]): Metric {
  let sum = 0;
  let count = 0;
  return {
    name,
    reset() {
      sum = 0;
      count = 0;
    },
    update(output, target) {
      const [more, n] = measure(output, target);
      sum += more;
      count += n;
    },
    result: () => sum / count,
  };
}

/** Classes that the outputs stand for: the largest of [N, C], or whether [N] or [N, 1] is above 0.5. */
function predicted(name: string, output: Tensor, target: Tensor): ArrayLike<number> {
  const values = output.dataSync();
  const rows = output.shape[0] ?? 1;
  if (target.numel !== rows) {
    throw new ShapeError(`metric ${name}: outputs ${show(output.shape)} do not fit targets ${show(target.shape)}`, {
      op: name,
      argument: 'target',
      got: target.shape,
      expected: [rows],
    });
  }
  const cols = values.length / rows;
  if (cols === 1) return values.map((value) => Number(value > 0.5));
  return Int32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let j = 1; j < cols; j++) if (values[i * cols + j]! > values[i * cols + best]!) best = j;
    return best;
  });
}

function hits(output: Tensor, target: Tensor): [number, number] {
  const classes = predicted('accuracy', output, target);
  const truth = target.dataSync();
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += Number(classes[i] === truth[i]);
  return [sum, truth.length];
}

/** Sum of a function of each difference. */
function differences(name: string, fn: (difference: number) => number): Metric {
  return averaged(name, (output, target) => {
    const [values, truth] = [output.dataSync(), target.dataSync()];
    if (values.length !== truth.length) {
      throw new ShapeError(`metric ${name}: outputs ${show(output.shape)} do not fit targets ${show(target.shape)}`, {
        op: name,
        argument: 'target',
        got: target.shape,
        expected: output.shape,
      });
    }
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += fn(values[i]! - truth[i]!);
    return [sum, values.length];
  });
}

/** Precision and the like: of class 1 where there are two, else the mean over the classes. */
function ofClasses(name: string, score: typeof precision): Metric {
  let truth: number[] = [];
  let guesses: number[] = [];
  return {
    name,
    reset() {
      truth = [];
      guesses = [];
    },
    update(output, target) {
      const classes = predicted(name, output, target);
      for (const [i, label] of target.dataSync().entries()) {
        truth.push(label);
        guesses.push(classes[i]!);
      }
    },
    result() {
      const isBinary = [...truth, ...guesses].every((label) => label === 0 || label === 1);
      return score(truth, guesses, { average: isBinary ? 'binary' : 'macro' });
    },
  };
}

const NAMED: Record<string, (name: string) => Metric> = {
  accuracy: (name) => averaged(name, hits),
  precision: (name) => ofClasses(name, precision),
  recall: (name) => ofClasses(name, recall),
  f1: (name) => ofClasses(name, f1),
  mae: (name) => differences(name, Math.abs),
  meanAbsoluteError: (name) => differences(name, Math.abs),
  mse: (name) => differences(name, (x) => x * x),
  meanSquaredError: (name) => differences(name, (x) => x * x),
};

function ofFunction(fn: MetricFunction, index: number): Metric {
  const name = fn.name === '' ? `metric${index}` : fn.name;
  return averaged(name, (output, target) => {
    const value = fn(target, output);
    const n = target.shape[0] ?? 1;
    return [(value instanceof Tensor ? value.item() : value) * n, n];
  });
}

/** The metrics of a list of names, functions and metrics. */
export function metricsOf(list: readonly (string | MetricFunction | Metric)[]): Metric[] {
  const op = 'Trainer';
  return list.map((given, i) => {
    if (typeof given === 'function') return ofFunction(given, i);
    if (typeof given === 'object' && given !== null && typeof given.update === 'function') return given;
    if (typeof given === 'string' && Object.hasOwn(NAMED, given)) return NAMED[given]!(given);
    throw new ArgumentError(
      `${op}: unknown metric ${String(given)} (known: ${Object.keys(NAMED).join(', ')}, or a function)`,
      {
        op,
        argument: 'metrics',
        got: given,
      },
    );
  });
}
