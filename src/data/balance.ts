/** Classes of different sizes. */
import { generatorFor } from '../emit/random.ts';
import { type Label, type Labels, labelsOf, uniqueLabels } from '../metrics/inputs.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { commonLength, type Rows, takeRows } from './rows.ts';

/** The indices of the examples of each class, classes in order. */
function membersOf(op: string, y: Labels) {
  const labels = labelsOf(op, 'y', y);
  const members = new Map(uniqueLabels(op, labels).map((label): [Label, number[]] => [label, []]));
  labels.forEach((label, i) => {
    members.get(label)?.push(i);
  });
  return members;
}

/**
 * Repeats examples of the smaller classes, chosen at random, until all classes are as large as the largest one. The original
 * examples come first.
 *
 * @example
 * const [xMore, yMore] = data.oversample(tensor([[1], [2], [3]]), tensor([0, 0, 1], { dtype: 'int32' }), { seed: 1 });
 * yMore.shape; // [4]
 */
export function oversample<X extends Rows, Y extends Labels & Rows>(
  x: X,
  y: Y,
  options: { seed?: number } = {},
): [x: X, y: Y] {
  if (arguments.length > 3) noMore('oversample', 3, arguments);
  checkOptions('oversample', options, { seed: VALUE });
  const length = commonLength('oversample', [x, y]);
  const groups = [...membersOf('oversample', y).values()];
  const most = groups.reduce((largest, group) => Math.max(largest, group.length), 0);
  const random = generatorFor('oversample', options.seed);
  const added = groups.flatMap((group) =>
    Array.from(random.numbers('uniform', most - group.length), (u) => group[Math.floor(u * group.length)]!),
  );
  const indices = Int32Array.from([...Array(length).keys(), ...added]);
  return [takeRows(x, indices), takeRows(y, indices)];
}

/**
 * Weights that make all classes count the same, N / (classes · examples of the class), by class, as `fit` takes them.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html
 * @example
 * data.classWeights([0, 0, 0, 1]); // {0: 0.667, 1: 2}
 */
export function classWeights(y: Labels): Record<string, number> {
  if (arguments.length > 1) noMore('classWeights', 1, arguments);
  const members = membersOf('classWeights', y);
  const total = [...members.values()].reduce((sum, group) => sum + group.length, 0);
  return Object.fromEntries(
    Array.from(members, ([label, group]) => [String(label), total / (members.size * group.length)]),
  );
}
