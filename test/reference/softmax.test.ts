import { describe, it } from 'vitest';
import { encodeSoftmax, encodeSoftmaxGrad } from '../../bindings/generated/encode.ts';
import { Machine, precisions } from './machine.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const rows = 2;
const cols = 3;
const x = [1, 2, -1, 0.5, 0.5, 3];
const g = [1, -2, 0.5, 0.25, 3, -1];

/** torch 1.13, float64: F.softmax(x, 1), F.log_softmax(x, 1) and their gradients for g. */
const softmax = [
  0.25949646034241913, 0.7053845126982412, 0.03511902695933973, 0.07050946066120506, 0.07050946066120506,
  0.8589810786775898,
];
const logSoftmax = [
  -1.3490122167681864, -0.34901221676818633, -3.349012216768186, -2.6520083843911353, -2.6520083843911353,
  -0.1520083843911351,
];
const softmaxGrad = [
  0.5536909842699766, -0.6110653969720429, 0.0573744127020663, 0.062036009602152685, 0.2559370264204666,
  -0.31797303602261945,
];
const logSoftmaxGrad = [
  1.1297482301712096, -1.6473077436508794, 0.5175595134796699, 0.09135371351228865, 2.8413537135122886,
  -2.932707427024577,
];

describe.each(precisions)('softmax in float%i', (precision) => {
  const machine = new Machine(precision);

  it.each([
    ['softmax', 0, softmax],
    ['log-softmax', 1, logSoftmax],
  ] as const)('%s is right, also in place', (_name, log, expected) => {
    const at = machine.floats(...x);
    const y = machine.room(6);
    machine.run(encodeSoftmax, { x: at, y, rows, cols, log });
    machine.expectClose(y, expected);
    machine.run(encodeSoftmax, { x: at, y: at, rows, cols, log });
    machine.expectClose(at, expected);
  });

  // g·y cancels in Σ g·y − g, so the rounding of a float32 y shows: powers of two are exact.
  it('has a right gradient, also in place', () => {
    const y = machine.floats(0.25, 0.5, 0.25);
    const grad = machine.floats(4, -2, 8);
    const gx = machine.room(3);
    machine.run(encodeSoftmaxGrad, { y, g: grad, gx, rows: 1, cols: 3, log: 0 });
    machine.expectClose(gx, [0.5, -2, 1.5]);
    machine.run(encodeSoftmaxGrad, { y, g: grad, gx: grad, rows: 1, cols: 3, log: 0 });
    machine.expectClose(grad, [0.5, -2, 1.5]);
  });

  it('does not overflow, and spreads NaN over its row', () => {
    const at = machine.floats(1000, 1000, -inf, inf, 0, 1, -inf, -inf, -inf, 1, nan, 0);
    const y = machine.room(12);
    machine.run(encodeSoftmax, { x: at, y, rows: 4, cols: 3, log: 0 });
    machine.expectClose(y, [0.5, 0.5, 0, nan, nan, nan, nan, nan, nan, nan, nan, nan]);
    machine.run(encodeSoftmax, { x: at, y, rows: 1, cols: 3, log: 1 });
    machine.expectClose(y, [-Math.LN2, -Math.LN2, -inf]);
  });
});

describe('softmax gradients in float64', () => {
  const machine = new Machine(64);

  it.each([
    ['softmax', 0, softmax, softmaxGrad],
    ['log-softmax', 1, logSoftmax, logSoftmaxGrad],
  ] as const)('%s is right', (_name, log, y, expected) => {
    const gx = machine.room(6);
    machine.run(encodeSoftmaxGrad, { y: machine.floats(...y), g: machine.floats(...g), gx, rows, cols, log });
    machine.expectClose(gx, expected);
  });
});
