/** The weights of classes, as a tensor. */
import { ArgumentError } from '../../bindings/errors.ts';
import type { Device } from '../../bindings/executor.ts';
import { classWeights } from '../data/balance.ts';
import { tensor } from '../ops/index.ts';
import { keep, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Source, targetsOf } from './examples.ts';

/** Factors of classes: by class, in order, or those that make all count the same. */
export type ClassWeight = Readonly<Record<string, number>> | readonly number[] | 'balanced';

/** A factor for each class [C], 1 for classes that are not named; it lives until it is disposed. */
export function weightsOf(given: ClassWeight | undefined, source: Source, device: Device | undefined): Tensor | null {
  const op = 'fit';
  if (given === undefined) return null;
  let byClass = given;
  if (given === 'balanced') {
    const targets = targetsOf(source);
    if (targets === null) {
      throw new ArgumentError(
        `${op}: classWeight 'balanced' needs targets as a tensor; data.classWeights(y) gives the weights`,
        {
          op,
          argument: 'classWeight',
        },
      );
    }
    byClass = scope(() => classWeights(targets.flatten()));
  }
  const entries = Object.entries(byClass as Record<string, number>).map(
    ([label, weight]) => [Number(label), weight] as const,
  );
  for (const [label, weight] of entries) {
    if (!Number.isInteger(label) || label < 0 || !(weight >= 0 && weight < Infinity)) {
      throw new ArgumentError(
        `${op}: classWeight must give numbers from 0 on for classes from 0 on, got ${label}: ${weight}`,
        {
          op,
          argument: 'classWeight',
          got: given,
        },
      );
    }
  }
  const classes = entries.reduce((most, [label]) => Math.max(most, label + 1), 0);
  const values = new Float32Array(classes).fill(1);
  for (const [label, weight] of entries) values[label] = weight;
  return keep(tensor(values, device && { device }));
}
