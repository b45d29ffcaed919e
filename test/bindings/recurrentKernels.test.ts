/** lstmCell, gruCell and lstmSequence on typed arrays against the layers. */
import { describe, expect, it } from 'vitest';
import { alloc, free, gruCell, lstmCell, lstmSequence } from '../../bindings/kernels/index.ts';
import { nn, noGrad, scope, tensor } from '../../src/index.ts';
import { expectClose, randomFloats } from '../support/heap.ts';

const floats = (n: number, seed: number) => Float32Array.from(randomFloats(n, seed));
const [inputSize, hiddenSize] = [3, 5];

function problem(gates: number, batch: number, steps: number) {
  const n = gates * hiddenSize;
  return {
    x: floats(steps * batch * inputSize, 1),
    h: floats(batch * hiddenSize, 2),
    c: floats(batch * hiddenSize, 3),
    wIh: floats(n * inputSize, 4),
    wHh: floats(n * hiddenSize, 5),
    bIh: floats(n, 6),
    bHh: floats(n, 7),
    hOut: new Float32Array(batch * hiddenSize),
    cOut: new Float32Array(batch * hiddenSize),
    batch,
    inputSize,
    hiddenSize,
  };
}

/** The problem of a GRU, which has no cell. */
function gruProblem(batch: number) {
  const { c: _, cOut: __, ...options } = problem(3, batch, 1);
  return options;
}

/** The outputs of all steps and the last cell, from the layer. */
function byLayer(kind: 'LSTM' | 'GRU', p: ReturnType<typeof problem>, steps: number) {
  const layer = new nn[kind](inputSize, hiddenSize);
  return scope(() => {
    for (const [i, data] of [p.wIh, p.wHh, p.bIh, p.bHh].entries()) {
      const parameter = layer.parameters()[i]!;
      noGrad(() => parameter.copy_(tensor(data, { shape: [...parameter.shape] })));
    }
    const state = (data: Float32Array) => tensor(data, { shape: [1, p.batch, hiddenSize] });
    const x = tensor(p.x, { shape: [steps, p.batch, inputSize] });
    const [out, final] =
      layer instanceof nn.LSTM ? layer.forward(x, [state(p.h), state(p.c)]) : layer.forward(x, state(p.h));
    const c = Array.isArray(final) ? Array.from(final[1].dataSync()) : [];
    const result = { out: Array.from(out.dataSync()), c };
    layer.dispose();
    return result;
  });
}

const TOLERANCE = { relative: 1e-5, absolute: 1e-6 };

describe.each([1, 3, 4, 9])('at batch size %i', (batch) => {
  it('lstmCell equals the layer, also in place', () => {
    const p = problem(4, batch, 1);
    const { out, c } = byLayer('LSTM', p, 1);
    lstmCell(p);
    expectClose([...p.hOut], out, TOLERANCE, 'h');
    expectClose([...p.cOut], c, TOLERANCE, 'c');
    const own = { ...p, h: alloc(p.h.length), c: alloc(p.c.length) };
    own.h.set(p.h);
    own.c.set(p.c);
    lstmCell({ ...own, hOut: own.h, cOut: own.c });
    expect([...own.h]).toEqual([...p.hOut]);
    expect([...own.c]).toEqual([...p.cOut]);
    for (const array of [own.h, own.c]) free(array);
  });

  it('gruCell equals the layer', () => {
    const p = gruProblem(batch);
    gruCell(p);
    expectClose([...p.hOut], byLayer('GRU', problem(3, batch, 1), 1).out, TOLERANCE, 'h');
  });

  it('lstmSequence gives all states or the last', () => {
    const steps = 4;
    const p = { ...problem(4, batch, steps), steps };
    const { out, c } = byLayer('LSTM', p, steps);
    lstmSequence(p);
    expectClose([...p.hOut], out.slice(-batch * hiddenSize), TOLERANCE, 'last h');
    expectClose([...p.cOut], c, TOLERANCE, 'c');
    const hOut = new Float32Array(steps * batch * hiddenSize);
    lstmSequence({ ...p, hOut });
    expectClose([...hOut], out, TOLERANCE, 'h');
  });
});

describe('recurrent kernels refuse', () => {
  const p = () => problem(4, 2, 1);
  it.each([
    ['a short x', () => lstmCell({ ...p(), x: floats(5, 1) }), 'lstmCell: x has 5 elements, 6 are needed'],
    ['short weights', () => lstmCell({ ...p(), wHh: floats(99, 1) }), 'lstmCell: wHh has 99 elements, 100 are needed'],
    [
      'only one bias',
      () => lstmCell({ ...p(), bHh: undefined }),
      'lstmCell: bIh and bHh must be there both, or neither',
    ],
    [
      'an output for only some of the steps',
      () =>
        lstmSequence({
          ...p(),
          x: new Float32Array(3 * p().x.length),
          steps: 3,
          hOut: new Float32Array(2 * p().hOut.length),
        }),
      'lstmSequence: hOut has ',
    ],
    ['no steps', () => lstmSequence({ ...p(), steps: 0 }), 'lstmSequence: steps must be a whole number of at least 1'],
    ['a short output', () => gruCell({ ...gruProblem(2), hOut: floats(9, 1) }), 'gruCell: hOut has 9 elements'],
    ['no cell', () => lstmCell({ ...p(), c: undefined as never }), 'lstmCell: c must be a Float32Array'],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
