/**
 * One recurrent layer in one direction over a whole sequence, as one operation with its gradient. The layers (nn/recurrent.ts) check
 * shapes. The two results, the outputs and the LSTM's last cell, are nodes of their own with the same inputs: each adds its part of the
 * gradient.
 */
import { AutogradError, refuse } from '../../bindings/errors.ts';
import { commonExecutor, dense } from '../emit/emit.ts';
import { emitRecurrent, emitRecurrentGrad, type RecurrentKindName, type RecurrentOperands } from '../emit/recurrent.ts';
import { isGradEnabled } from '../tape/mode.ts';
import type { Context, RecurrentAttributes } from '../tape/primitives.ts';
import { needsGrad, record, recordTwins } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { compose } from './compose.ts';
import { clone } from './convert.ts';
import { matmul } from './linalg.ts';
import { cat } from './shape.ts';

/** Operands or results by name, those that are null left out. */
function present(tensors: Readonly<Record<string, Tensor | null>>): { names: string[]; list: Tensor[] } {
  const names: string[] = [];
  const list: Tensor[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor === null) continue;
    names.push(name);
    list.push(tensor);
  }
  return { names, list };
}

const denseOrNull = (x: Tensor | null): Tensor | null => (x === null ? null : dense(x));

/** Outputs [steps, batch, hiddenSize] (0 beyond the lengths), and the LSTM's cell after each row's last step. */
export function recurrent(
  kind: RecurrentKindName,
  reverse: boolean,
  given: RecurrentOperands,
): { out: Tensor; cell: Tensor | null } {
  return compose(() => {
    const x = given.x.contiguous ? given.x : clone(given.x);
    const operands = { ...given, x };
    const { names, list } = present(operands);
    commonExecutor(kind, x, ...list);
    const contiguous: RecurrentOperands = {
      x,
      wIh: dense(given.wIh),
      wHh: dense(given.wHh),
      biasIh: denseOrNull(given.biasIh),
      biasHh: denseOrNull(given.biasHh),
      h0: denseOrNull(given.h0),
      c0: denseOrNull(given.c0),
      lengths: denseOrNull(given.lengths),
    };
    const keeps = needsGrad(list);
    const { out, cLast, ...kept } = emitRecurrent(kind, reverse, contiguous, keeps);
    watching?.note('recurrent', list, cLast === null ? [out] : [out, cLast], { kind, reverse, names });
    if (keeps) {
      const inputs = present({ ...operands, lengths: contiguous.lengths, ...kept });
      const attributes = { kind, reverse, names: inputs.names };
      record('recurrent', inputs.list, out, attributes);
      if (cLast !== null) recordTwins(out, record('recurrentCell', inputs.list, cLast, attributes));
    }
    return { out, cell: cLast };
  });
}

/** Gradients of all inputs from the gradient of the outputs or of the last cell. */
export function recurrentGradients(g: Tensor, c: Context<RecurrentAttributes>, of: 'out' | 'cell'): (Tensor | null)[] {
  const { kind, reverse, names } = c.attributes;
  if (isGradEnabled()) {
    refuse(
      AutogradError,
      kind,
      'the gradient of a whole sequence cannot be differentiated again; build the sequence step by step from LSTMCell, GRUCell or RNNCell',
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

  const [, , size = 0] = hidden.shape;
  const flat = (t: Tensor) => t.flatten(0, 1);
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
