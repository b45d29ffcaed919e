/**
 * One recurrent layer in one direction over a whole sequence, as one operation with its gradient. Shapes are checked by the layers
 * (nn/recurrent.ts). Its two results, the outputs and the LSTM's last cell, are nodes of their own with the same inputs: each adds its
 * part of the gradient.
 */

import { AutogradError, refuse } from '../../bindings/errors.ts';
import { commonExecutor, dense } from '../emit/emit.ts';
import { emitRecurrent, emitRecurrentGrad, type RecurrentKindName, type RecurrentOperands } from '../emit/recurrent.ts';
import { isGradEnabled } from '../tape/mode.ts';
import type { Context, RecurrentAttributes } from '../tape/primitives.ts';
import { needsGrad, record } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { compose } from './compose.ts';
import { clone } from './convert.ts';
import { matmul } from './linalg.ts';
import { cat } from './shape.ts';

/** Outputs [steps, batch, hiddenSize] (0 beyond the lengths), and the LSTM's cell after each row's last step. */
export function recurrent(
  kind: RecurrentKindName,
  reverse: boolean,
  given: RecurrentOperands,
): { out: Tensor; cell: Tensor | null } {
  return compose(() => {
    const x = given.x.contiguous ? given.x : clone(given.x);
    const operands = { ...given, x };
    const tensors = Object.values(operands).filter((tensor): tensor is Tensor => tensor !== null);
    commonExecutor(kind, ...(tensors as [Tensor]));
    const contiguous = Object.fromEntries(
      Object.entries(operands).map(([name, tensor]) => [name, tensor === null ? null : dense(tensor)]),
    ) as unknown as RecurrentOperands;
    const keeps = needsGrad(tensors);
    const { out, cLast, ...kept } = emitRecurrent(kind, reverse, contiguous, keeps);
    watching?.note('recurrent', tensors, cLast === null ? [out] : [out, cLast], {
      kind,
      reverse,
      names: Object.keys(operands).filter((name) => operands[name as keyof RecurrentOperands] !== null),
    });
    if (keeps) {
      const inputs = Object.entries({ ...operands, lengths: contiguous.lengths, ...kept }).filter(
        (entry): entry is [string, Tensor] => entry[1] !== null,
      );
      const list = inputs.map(([, tensor]) => tensor);
      const attributes = { kind, reverse, names: inputs.map(([name]) => name) };
      record('recurrent', list, out, attributes);
      if (cLast !== null) record('recurrentCell', list, cLast, attributes);
    }
    return { out, cell: cLast };
  });
}

/** Gradients of all inputs from that of the outputs or of the last cell. */
export function recurrentGradients(g: Tensor, c: Context<RecurrentAttributes>, of: 'out' | 'cell'): (Tensor | null)[] {
  const { kind, reverse, names } = c.attributes;
  if (isGradEnabled()) {
    refuse(
      AutogradError,
      kind,
      'the gradient of a whole sequence cannot be differentiated again; build it step by step from LSTMCell, GRUCell or RNNCell',
    );
  }
  const has = (name: string) => names.includes(name);
  const saved = (name: string) => c.input(names.indexOf(name));
  const needs = (name: string) => has(name) && c.needs(names.indexOf(name));
  const gradient = dense(g);
  const hidden = saved('hidden');
  const { gGates, gHidden, dH, dC } = emitRecurrentGrad(kind, reverse, {
    wHh: dense(saved('wHh')),
    gates: saved('gates'),
    hidden,
    cells: has('cells') ? saved('cells') : null,
    lengths: has('lengths') ? saved('lengths') : null,
    gOut: of === 'out' ? gradient : null,
    gCell: of === 'cell' ? gradient : null,
  });

  const [steps, batch, size] = hidden.shape as [number, number, number];
  const flat = (t: Tensor) => t.reshape([steps * batch, t.shape[2]!]);
  const g2 = flat(gGates);
  const product = (x: Tensor) => matmul(g2.transpose(0, 1), flat(x));
  const found: Record<string, Tensor | null> = { h0: dH, c0: dC };
  if (needs('x')) found.x = matmul(g2, saved('wIh')).reshape(c.shape(0));
  if (needs('wIh')) found.wIh = product(saved('x'));
  if (needs('wHh')) {
    found.wHh =
      gHidden === null
        ? product(hidden)
        : cat([
            matmul(g2.slice(1, 0, 2 * size).transpose(0, 1), flat(hidden)),
            matmul(flat(gHidden).transpose(0, 1), flat(hidden)),
          ]);
  }
  if (needs('biasIh') || needs('biasHh')) {
    const sum = g2.sum(0);
    found.biasIh = sum;
    found.biasHh = gHidden === null ? sum.detach() : cat([sum.slice(0, 0, 2 * size), flat(gHidden).sum(0)]);
  }
  return names.map((name) => found[name] ?? null);
}
