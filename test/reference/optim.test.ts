import { describe, expect, it } from 'vitest';
import { encodeAdam, encodeSgd } from '../../bindings/generated/encode.ts';
import { allRows } from '../support/rows.ts';
import { Machine, precisions } from './machine.ts';

/** Three steps from these parameters with these gradients; expectations from torch 1.13's optimizers in float64. */
const start = [1, -2, 0.5];
const gradients = [
  [0.5, -1, 2],
  [-0.25, 3, 1],
  [1, 1, -1],
];
const lr = 0.125;

interface SgdCase {
  momentum?: number;
  dampening?: number;
  weightDecay?: number;
  flags?: number;
  param: number[];
  velocity?: number[];
}

const NESTEROV = 1;
const SGD_MAXIMIZE = 2;

const sgdCases: [string, SgdCase][] = [
  ['plain', { param: [0.84375, -2.375, 0.25] }],
  ['weight decay', { weightDecay: 0.25, param: [0.755767822265625, -2.18927001953125, 0.2238616943359375] }],
  [
    'momentum and dampening',
    { momentum: 0.5, dampening: 0.25, param: [0.83203125, -2.296875, 0.015625], velocity: [0.78125, 1.625, 0.125] },
  ],
  [
    'nesterov and weight decay',
    {
      momentum: 0.5,
      weightDecay: 0.25,
      flags: NESTEROV,
      param: [0.6049156188964844, -2.2972335815429688, -0.027486801147460938],
      velocity: [1.38055419921875, 1.3717041015625, 0.004669189453125],
    },
  ],
  [
    'maximize and weight decay',
    {
      momentum: 0.5,
      weightDecay: 0.25,
      flags: SGD_MAXIMIZE,
      param: [1.053741455078125, -1.27349853515625, 0.9084320068359375],
      velocity: [-0.562744140625, -3.04638671875, 0.3614501953125],
    },
  ],
];

interface AdamCase {
  weightDecay?: number;
  flags?: number;
  param: number[];
  m: number[];
  v: number[];
  vMax?: number[];
}

const DECOUPLED = 1;
const AMSGRAD = 2;
const ADAM_MAXIMIZE = 4;
const beta1 = 0.5;
const beta2 = 0.75;
const epsilon = 2 ** -10;

const adamCases: [string, AdamCase][] = [
  [
    'adam',
    {
      param: [0.7757020725049417, -2.048071687544459, 0.26489252912386924],
      m: [0.5, 1.125, 0],
      v: [0.296875, 2.078125, 1],
    },
  ],
  [
    'adam with weight decay',
    {
      weightDecay: 0.25,
      param: [0.7046823874482103, -2.004647680023069, 0.2565513606218778],
      m: [0.6880720937489553, 0.7022989763260619, 0.07207716247827689],
      v: [0.44183802662443655, 1.5837865927471246, 1.0773985096888952],
    },
  ],
  [
    'amsgrad',
    {
      flags: AMSGRAD,
      param: [0.7757020725049417, -2.0415801785872585, 0.26489252912386924],
      m: [0.5, 1.125, 0],
      v: [0.296875, 2.078125, 1],
      vMax: [0.296875, 2.4375, 1],
    },
  ],
  [
    'adam, maximize with weight decay',
    {
      weightDecay: 0.25,
      flags: ADAM_MAXIMIZE,
      param: [1.1118590451083668, -1.9235032015170292, 0.7161186952940864],
      m: [-0.26763910872421826, -1.5731872572619898, 0.14620430495836012],
      v: [0.19796970388399998, 2.9399926462987542, 0.9777707413887631],
    },
  ],
  [
    'adamw with amsgrad',
    {
      weightDecay: 0.25,
      flags: DECOUPLED | AMSGRAD,
      param: [0.6925266810233079, -1.864804387546031, 0.2305965553949762],
      m: [0.5, 1.125, 0],
      v: [0.296875, 2.078125, 1],
      vMax: [0.296875, 2.4375, 1],
    },
  ],
];

describe.each(precisions)('optimizers in float%i', (precision) => {
  const machine = new Machine(precision);
  /** In float32 the state is rounded at each of three steps. */
  const slack = 16;

  it.each(sgdCases)('sgd, %s', (_name, { momentum = 0, dampening = 0, weightDecay = 0, flags = 0, ...expected }) => {
    const param = machine.floats(...start);
    const velocity = momentum === 0 ? 0 : machine.floats(0, 0, 0);
    gradients.forEach((g, step) => {
      const grad = machine.floats(...g);
      // PyTorch's first velocity is the gradient, regardless of the dampening.
      const settings = machine.floats(lr, momentum, step === 0 ? 1 : 1 - dampening, weightDecay);
      machine.run(encodeSgd, { param, grad, velocity, settings, n: 3, flags, ...allRows });
    });
    machine.expectClose(param, expected.param, slack);
    if (expected.velocity) machine.expectClose(velocity, expected.velocity, slack);
    else expect(velocity).toBe(0);
  });

  it.each(adamCases)('%s is right', (_name, { weightDecay = 0, flags = 0, ...expected }) => {
    const param = machine.floats(...start);
    const m = machine.floats(0, 0, 0);
    const v = machine.floats(0, 0, 0);
    const vMax = expected.vMax ? machine.floats(0, 0, 0) : 0;
    gradients.forEach((g, step) => {
      const correction1 = 1 - beta1 ** (step + 1);
      const correction2 = Math.sqrt(1 - beta2 ** (step + 1));
      const settings = machine.floats(
        ...[
          lr / correction1,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          epsilon,
          weightDecay,
          correction2,
          1 - lr * weightDecay,
        ],
      );
      machine.run(encodeAdam, { param, grad: machine.floats(...g), m, v, vMax, settings, n: 3, flags });
    });
    machine.expectClose(param, expected.param, slack);
    machine.expectClose(m, expected.m, slack);
    machine.expectClose(v, expected.v, slack);
    if (expected.vMax) machine.expectClose(vMax, expected.vMax, slack);
  });

  it('do not add an infinite parameter to the gradient if weight decay is 0', () => {
    const param = machine.floats(Number.POSITIVE_INFINITY);
    const velocity = machine.floats(0);
    const settings = machine.floats(lr, 0.5, 1, 0);
    machine.run(encodeSgd, { param, grad: machine.floats(2), velocity, settings, n: 1, flags: 0, ...allRows });
    machine.expectClose(velocity, [2]);
  });

  it('change each row once in sgd of some rows', () => {
    const param = machine.floats(1, 2, 3, 4, 5, 6);
    const marks = machine.ints(2, 0, 1);
    const rows = { index: machine.ints(0, 2, 0), marks, count: 3, inner: 2 };
    const grad = machine.floats(1, 1, 1, 1, 1, -8);
    machine.run(encodeSgd, {
      param,
      grad,
      velocity: 0,
      settings: machine.floats(0.5, 0, 1, 0),
      n: 6,
      flags: 0,
      ...rows,
    });
    machine.expectClose(param, [0.5, 1.5, 3, 4, 4.5, 10]);
  });
});
