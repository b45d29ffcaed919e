/** Penalties to add to a loss. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkTensor, compose } from '../ops/index.ts';
import { checkFinite, noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * λ·Σ |p| over all parameters: added to the loss, it drives many of them to 0. (For squares use an optimizer's weightDecay.)
 *
 * @example
 * const loss = F.crossEntropy(model.forward(x), y).add(optim.l1Penalty(model.parameters(), 1e-4));
 */
export function l1Penalty(params: Iterable<Tensor>, lambda: number): Tensor {
  if (arguments.length > 2) noMore('l1Penalty', 2, arguments);
  const op = 'l1Penalty';
  checkFinite(op, 'lambda', lambda);
  const list = [...params];
  for (const [i, param] of list.entries()) checkTensor(op, `params[${i}]`, param);
  if (list.length === 0) refuse(ArgumentError, op, 'no parameters were given', { argument: 'params' });
  return compose(() =>
    list
      .map((param) => param.abs().sum())
      .reduce((a, b) => a.add(b))
      .mul(lambda),
  );
}
