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

/** Factors of classes: by class, in order, or those that make all count the same. */
export type ClassWeight = Readonly<Record<string, number>> | readonly number[] | 'balanced';

/** The targets of all examples: of data sets made of tensors only. */
function targetsOf(examples: unknown): Tensor | null {
  const dataset = isInstance(examples, DataLoader) ? examples.dataset : examples;
  return isInstance(dataset, TensorDataset) ? dataset.tensors[dataset.tensors.length - 1]! : null;
}

/** A factor for each class [C], and a last one, 1, for all classes beyond; it lives until it is disposed. */
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
      `classWeight is for one output, this trainer has losses for ${targets}; sampleWeight weighs examples for all of them`,
      { argument: 'classWeight', got: given },
    );
  }
  let byClass = given;
  if (given === 'balanced') {
    const labels = y[0] ?? targetsOf(examples);
    if (labels === null) {
      refuse(
        ArgumentError,
        op,
        "classWeight 'balanced' needs targets as a tensor; data.classWeights(y) gives the weights",
        { argument: 'classWeight' },
      );
    }
    byClass = scope(() => classWeights(classesOf(op, labels, true).flatten()));
  }
  const entries = Object.entries(byClass as Record<string, number>).map(
    ([label, weight]) => [Number(label), weight] as const,
  );
  for (const [label, weight] of entries) {
    if (!Number.isInteger(label) || label < 0 || !(weight >= 0 && weight < Infinity)) {
      refuse(
        ArgumentError,
        op,
        `classWeight must give numbers from 0 on for classes from 0 on, got ${label}: ${weight}`,
        { argument: 'classWeight', got: given },
      );
    }
  }
  const classes = entries.reduce((most, [label]) => Math.max(most, label + 1), 0);
  const values = new Float32Array(classes + 1).fill(1);
  for (const [label, weight] of entries) values[label] = weight;
  return keep(tensor(values, device && { device }));
}
