/** What a model is trained for: a loss, or one for each of its outputs, and the metrics that look at it. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isRecord } from '../../bindings/realm.ts';
import { checkFinite } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { Logs } from './callback.ts';
import { type BatchLoss, type Loss, lossFunction, readingOf } from './losses.ts';
import { type Metric, type MetricFunction, metricsOf } from './metrics.ts';

/**
 * One loss; or one for each output of the model, in their order: in a list, or by the names that the outputs have in logs and history.
 * Each output then has a target and metrics of its own.
 *
 * @example
 * // One output is a class, the other one is the input again.
 * const g = new nn.Graph();
 * const input = g.input([4]);
 * const hidden = g.apply(new nn.ReLU(), g.apply(new nn.Linear(4, 16), input));
 * const outputs = [g.apply(new nn.Linear(16, 3), hidden), g.apply(new nn.Linear(16, 4), hidden)];
 * const model = g.model({ inputs: [input], outputs });
 * const trainer = new Trainer(model, {
 *   optimizer: new optim.Adam(model.parameters()),
 *   loss: { kind: 'crossEntropy', copy: 'mse' },
 *   lossWeights: { copy: 0.5 },
 *   metrics: { kind: ['accuracy'] },
 * });
 * const { loss, copyLoss, kindAccuracy } = await trainer.fit(x, [y, x], { epochs: 5, verbose: false });
 * kindAccuracy.length; // 5
 * const [scores, copies] = await trainer.predict(x);
 */
export type Losses = Loss | readonly Loss[] | Readonly<Record<string, Loss>>;

/** Metrics by name, as functions or as objects. */
export type Metrics = readonly (string | MetricFunction | Metric)[];

/** One number for each output: in a list, or by name. */
export type LossWeights = readonly number[] | Readonly<Record<string, number>>;

/** The result of a batch. */
export interface BatchResult {
  /** The loss; if there are several, their sum, then that of each output. */
  losses: [Tensor, ...Tensor[]];
  /** The model's outputs; null for one without metrics. */
  outputs: (Tensor | null)[];
}

/** Compares what the model gave with its targets: the result of a batch. */
export type Judge = (given: unknown, targets: Tensor[], sampleWeights: Tensor | undefined) => BatchResult;

/** What one output is trained for. */
interface Goal {
  /** The prefix of `Loss` and of the names of metrics in logs; empty if there is only one. */
  name: string;
  loss: Loss;
  weight: number;
  metrics: Metric[];
}

export interface GoalOptions {
  loss: Losses;
  lossWeights?: LossWeights;
  metrics?: Metrics | readonly Metrics[] | Readonly<Record<string, Metrics>>;
}

const OP = 'Trainer';

function fail(argument: string, got: unknown, message: string): never {
  refuse(ArgumentError, OP, message, { argument, got });
}

/** What each output was given, in a list or by name; `names` are those of the losses, or null if the losses were a list. */
function perOutput<T>(argument: string, given: unknown, names: string[] | null, count: number): (T | undefined)[] {
  if (Array.isArray(given)) {
    if (given.length === count) return given;
    fail(argument, given, `${argument} must have one entry for each of the ${count} losses, got ${given.length}`);
  }
  if (!isRecord(given) || names === null) {
    const form = names === null ? '' : `, or an object with the keys ${names.join(', ')}`;
    fail(argument, given, `${argument} must be a list with one entry for each of the ${count} losses${form}`);
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return names.map((name) => (Object.hasOwn(given, name) ? (given[name] as T) : undefined));
  fail(argument, given, `${argument} names ${unknown}, which is not an output (they are ${names.join(', ')})`);
}

function goalsOf({ loss, lossWeights, metrics }: GoalOptions): Goal[] {
  if (!Array.isArray(loss) && !isRecord(loss)) {
    if (lossWeights !== undefined)
      fail('lossWeights', lossWeights, 'lossWeights are for several losses; there is only one');
    lossFunction(loss as Loss, null);
    const own = metricsOf((metrics ?? []) as Metrics, readingOf(loss as Loss));
    return [{ name: '', loss: loss as Loss, weight: 1, metrics: own }];
  }
  const names = Array.isArray(loss) ? null : Object.keys(loss);
  const losses = Object.values(loss) as Loss[];
  const count = losses.length;
  if (count < 2)
    fail(
      'loss',
      loss,
      `losses in a list or by name are for several outputs, got ${count}; for one give the loss itself`,
    );
  for (const one of losses) lossFunction(one, null);
  const weights = perOutput<number>('lossWeights', lossWeights ?? losses.map(() => 1), names, count);
  const measured = perOutput<Metrics>('metrics', metrics ?? losses.map(() => []), names, count);
  return losses.map((one, i): Goal => {
    const name = names?.[i] ?? `output${i + 1}`;
    const weight = weights[i] ?? 1;
    checkFinite(OP, `lossWeights of ${name}`, weight);
    const list = measured[i] ?? [];
    if (!Array.isArray(list))
      fail(
        'metrics',
        metrics,
        `metrics must be a list for each output, such as [['accuracy'], []]; got ${String(list)}`,
      );
    return { name, loss: one, weight, metrics: metricsOf(list, readingOf(one)) };
  });
}

/** A name in logs: that of an output or `val`, then that of a loss or metric. */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** The losses and metrics of a trainer. */
export class Goals {
  private readonly list: Goal[];
  /** Names of the losses in logs, in the order of `BatchResult`. */
  private readonly lossNames: string[];

  constructor(options: GoalOptions) {
    this.list = goalsOf(options);
    const own = this.list.map(({ name }) => joined(name, 'loss'));
    this.lossNames = this.count > 1 ? ['loss', ...own] : own;
    const names = this.list.flatMap(({ name, metrics }) => metrics.map((metric) => joined(name, metric.name)));
    const all = [...this.lossNames, ...names];
    const twice = all.find((name, i) => all.indexOf(name) !== i);
    if (twice !== undefined) fail('metrics', twice, `two metrics are called ${twice}`);
  }

  /** The number of outputs that are trained, each with a target of its own. */
  get count(): number {
    return this.list.length;
  }

  /**
   * The function that judges a batch.
   *
   * @param classWeights as for `lossFunction`; for a single output only
   * @param hasWeights whether examples have weights
   */
  judge(classWeights: Tensor | null, hasWeights: boolean): Judge {
    const functions = this.list.map(({ loss }) => lossFunction(loss, classWeights, hasWeights));
    const weights = this.list.map(({ weight }) => weight);
    return (given, targets, sampleWeights) => {
      const outputs = this.outputsIn(given);
      const each = functions.map((fn: BatchLoss, i) => fn(outputs[i]!, targets[i]!, sampleWeights));
      const seen = this.list.map(({ metrics }, i) => (metrics.length > 0 ? outputs[i]! : null));
      const weighed = each.map((loss, i) => (weights[i] === 1 ? loss : loss.mul(weights[i]!)));
      const sum = weighed.reduce((sum, loss) => sum.add(loss));
      return { losses: this.count === 1 ? [sum] : [sum, ...each], outputs: seen };
    };
  }

  /** The outputs of a model, one for each loss. */
  private outputsIn(given: unknown): Tensor[] {
    const several = Array.isArray(given);
    if (this.count > 1) {
      if (several && given.length === this.count && given.every(isTensor)) return given;
      const got = several ? `a list of ${given.length}` : 'one';
      return fail(
        'loss',
        given,
        `there are ${this.count} losses, so the model must give a list of that many outputs; it gives ${got}`,
      );
    }
    // A loss function may take all outputs at once.
    const { loss, metrics } = this.list[0]!;
    if (several && (typeof loss !== 'function' || metrics.length > 0)) {
      const what = typeof loss === 'function' ? 'metrics need' : 'this loss needs';
      fail(
        'loss',
        loss,
        `${what} one output, the model gives a list of ${given.length}; give a loss for each: { loss: [lossA, lossB] }`,
      );
    }
    return [given as Tensor];
  }

  reset(): void {
    for (const { metrics } of this.list) for (const metric of metrics) metric.reset();
  }

  /** The tensors of a batch that have to be read: losses, then output and target of each goal with metrics. */
  parts({ losses, outputs }: BatchResult, targets: readonly Tensor[]): [Tensor, ...Tensor[]] {
    return [...losses, ...outputs.flatMap((output, i) => (output === null ? [] : [output, targets[i]!]))];
  }

  /** Updates the metrics with these parts, or copies of them; returns the losses. */
  takeIn(parts: readonly Tensor[]): number[] {
    const { length } = this.lossNames;
    let at = length;
    noGrad(() => {
      for (const { metrics } of this.list) {
        for (const metric of metrics) metric.update(parts[at]!, parts[at + 1]!);
        if (metrics.length > 0) at += 2;
      }
    });
    return parts.slice(0, length).map((loss) => loss.item());
  }

  /** Losses and metrics by name. `totals`: Σ loss·rows of each loss over this many examples. */
  logs(totals: readonly number[], examples: number): Logs {
    const logs: Logs = {};
    this.lossNames.forEach((name, i) => {
      logs[name] = (totals[i] ?? 0) / examples;
    });
    for (const { name, metrics } of this.list)
      for (const metric of metrics) logs[joined(name, metric.name)] = metric.result();
    return logs;
  }
}
