/** The weights of classes, as a tensor. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Device } from '../../bindings/executor.ts';
import { isInstance } from '../copies.ts';
import { classWeights } from '../data/balance.ts';
import { TensorDataset } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import { tensor } from '../ops/index.ts';
import { keep, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf } from './losses.ts';

/** Factors of classes: by class, in order, or 'balanced', which makes all classes count the same. */
export type ClassWeight = Readonly<Record<string, number>> | readonly number[] | 'balanced';

/** The targets of all examples of a data set made of tensors; null for other examples. */
function targetsOf(examples: unknown): Tensor | null {
  const dataset = isInstance(examples, DataLoader) ? examples.dataset : examples;
  return (isInstance(dataset, TensorDataset) ? dataset.tensors.at(-1) : null) ?? null;
}

/** The factors that make all classes of these targets count the same. */
function balanced(op: string, targets: Tensor | null): Readonly<Record<string, number>> {
  if (targets === null) {
    refuse(
      ArgumentError,
      op,
      "classWeight 'balanced' needs targets as a tensor; data.classWeights(y) gives the weights",
      { argument: 'classWeight' },
    );
  }
  return scope(() => classWeights(classesOf(op, targets, true).flatten()));
}

/** A factor for each class [C], then a last one, 1, for all other classes; the caller disposes it. */
export function weightsOf(
  given: ClassWeight | undefined,
  examples: unknown,
  y: readonly Tensor[],
  targets: number,
  device: Device | undefined,
): Tensor | null {
  const op = 'fit';
  if (given === undefined) return null;
  if (targets > 1) {
    refuse(
      ArgumentError,
      op,
      `classWeight is for one output, and this trainer has losses for ${targets}; sampleWeight applies to all of them`,
      { argument: 'classWeight', got: given },
    );
  }
  const entries = Object.entries<number>(given === 'balanced' ? balanced(op, y[0] ?? targetsOf(examples)) : given).map(
    ([label, weight]) => [Number(label), weight] as const,
  );
  for (const [label, weight] of entries) {
    if (!Number.isInteger(label) || label < 0 || !(weight >= 0 && weight < Infinity)) {
      refuse(ArgumentError, op, `classWeight must give finite numbers ≥ 0 for classes ≥ 0, got ${label}: ${weight}`, {
        argument: 'classWeight',
        got: given,
      });
    }
  }
  const classes = entries.reduce((most, [label]) => Math.max(most, label + 1), 0);
  const values = new Float32Array(classes + 1).fill(1);
  for (const [label, weight] of entries) values[label] = weight;
  return keep(tensor(values, device && { device }));
}
