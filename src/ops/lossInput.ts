/**
 * Losses of logits or of log-probabilities train badly, without an error, on the probabilities of a model that ends in Softmax or Sigmoid,
 * as Keras's models do. The graph of the input tells which operation made it: there is one warning per model.
 */
import { warn } from '../../bindings/warn.ts';
import type { Variable } from '../tensor/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy, focalLoss, nllLoss } from './classLosses.ts';
import { binaryCrossEntropyWithLogits, klDiv } from './probabilityLosses.ts';

/** What a loss takes, and what to do about a model that gives probabilities instead. */
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

/** Operations that do not change the numbers. */
const SAME_NUMBERS = new Set<string>(['reshape', 'permute', 'expand', 'slice', 'clone', 'move']);

/** Models that there was a warning for, by one of their parameters. */
const told = new WeakSet<Variable>();

/** The nearest leaf that a value was made from, which tells models apart. */
function leafOf(variable: Variable): Variable {
  for (let at = variable; ; ) {
    const inputs = at.node?.inputs.filter((input) => input !== null) ?? [];
    const next = inputs.find(({ node }) => node === null) ?? inputs[0];
    if (next === undefined) return at;
    at = next;
  }
}

/** Warns where the input of a loss of F was made by an operation that the loss does itself. */
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
