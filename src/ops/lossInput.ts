/**
 * Losses of logits that are given probabilities, as Keras's models end in them, train badly without an error. What the input of a loss
 * was made by is in its graph: where that says so, there is a warning, once a model.
 */
import { warn } from '../../bindings/warn.ts';
import type { Variable } from '../tensor/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy, focalLoss, nllLoss } from './classLosses.ts';
import { binaryCrossEntropyWithLogits, klDiv } from './probabilityLosses.ts';

/** What a loss takes, and which other loss takes the probabilities that it was given. */
const EXPECTS = new Map<unknown, { name: string; takes: 'logits' | 'log-probabilities'; instead: string }>([
  [crossEntropy, { name: 'crossEntropy', takes: 'logits', instead: 'let it end in LogSoftmax and train with NLLLoss' }],
  [focalLoss, { name: 'focalLoss', takes: 'logits', instead: 'let it end in LogSoftmax and train with NLLLoss' }],
  [
    binaryCrossEntropyWithLogits,
    { name: 'binaryCrossEntropyWithLogits', takes: 'logits', instead: 'train with BCELoss' },
  ],
  [nllLoss, { name: 'nllLoss', takes: 'log-probabilities', instead: 'remove it and train with CrossEntropyLoss' }],
  [klDiv, { name: 'klDiv', takes: 'log-probabilities', instead: 'take the logarithm of what it gives' }],
]);

/** Operations that leave the numbers as they are. */
const SAME_NUMBERS = new Set<string>(['reshape', 'permute', 'expand', 'slice', 'clone', 'move']);

/** Models that people were told of, by one of their parameters. */
const told = new WeakSet<Variable>();

/** A leaf that a value was made from: the nearest, which tells models apart. */
function leafOf(variable: Variable): Variable {
  for (let at = variable; ; ) {
    const inputs = at.node?.inputs.filter((input) => input !== null) ?? [];
    const next = inputs.find(({ node }) => node === null) ?? inputs[0];
    if (next === undefined) return at;
    at = next;
  }
}

/** Warns where the input of a loss function of F is made by what the loss does itself. */
export function checkLossInput(fn: unknown, input: Tensor): void {
  let variable = input?.variable ?? null;
  while (variable?.node && SAME_NUMBERS.has(variable.node.primitive)) variable = variable.node.inputs[0] ?? null;
  const made = variable?.node?.primitive;
  if (variable === null || (made !== 'softmax' && made !== 'sigmoid')) return;
  const expected = EXPECTS.get(fn);
  if (expected === undefined) return;
  const leaf = leafOf(variable);
  if (told.has(leaf)) return;
  told.add(leaf);
  const last = made === 'softmax' ? 'Softmax' : 'Sigmoid';
  const { name, takes, instead } = expected;
  const cure =
    takes === 'logits'
      ? `remove the ${last} at the end of the model and apply it to what it predicts, or ${instead}`
      : `put LogSoftmax in the place of the ${last} at the end of the model, or ${instead}`;
  warn(`saraf: ${name} takes ${takes}, but gets what a ${last} gives, and trains badly: ${cure}`);
}
