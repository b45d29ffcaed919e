/** Steps of optimizers. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/**
 * Rules of `adaptive`, with g = ±grad + settings[2]·p, lr = settings[0], ε = settings[1] and r = settings[3], s = settings[4] = 1 − r:
 * rmsprop: a = r·a + s·g²; with b: b = r·b + s·g, and v = a − b², else v = a; u = g / (√v + ε); with c: u = c = settings[5]·c + u; p −= lr·u.
 * adagrad: a += g²;  p −= lr·g / (√a + ε).
 * adadelta: a = r·a + s·g²;  u = √(b + ε) / √(a + ε)·g;  b = r·b + s·u²;  p −= lr·u.
 * nadam: a = r·a + s·g;  b = settings[5]·b + settings[6]·g²;  p = settings[9]·p − (lr·g + settings[8]·a) / (√b / settings[7] + ε).
 */
export const adaptiveFns = ['rmsprop', 'adagrad', 'adadelta', 'nadam'] as const;

export const optimCommands = {
  /**
   * PyTorch's SGD. settings: [lr, momentum, share of the gradient in the velocity (1 − dampening, but 1 in the first
   * step), weightDecay]. flags: 1 nesterov, 2 maximize.
   * velocity 0: no momentum. index [count] (0: all n elements): only the rows of `inner` elements that it names, each once: where
   * marks[index[j]] = j, as addRows leaves it.
   */
  sgd: {
    param: 'inout',
    grad: 'in',
    velocity: 'inout',
    settings: 'in',
    n: 'u32',
    flags: 'u32',
    index: 'in',
    marks: 'in',
    count: 'u32',
    inner: 'u32',
  },
  /**
   * PyTorch's Adam and AdamW. settings: [lr / (1 − β1^t), β1, 1 − β1, β2, 1 − β2, ε, weightDecay, √(1 − β2^t), 1 − lr·weightDecay].
   * flags: 1 decoupled decay (AdamW), 2 amsgrad (vMax in use, else 0), 4 maximize.
   * g += weightDecay·p (or p *= 1 − lr·weightDecay);  m = β1·m + (1−β1)·g;  v = β2·v + (1−β2)·g²;  p −= settings[0]·m / (√v̂ / √(1−β2^t) + ε), v̂ = v or its running maximum.
   */
  adam: { param: 'inout', grad: 'in', m: 'inout', v: 'inout', vMax: 'inout', settings: 'in', n: 'u32', flags: 'u32' },
  /** One step of one parameter by one of the rules above. b and c: 0 where the rule has none. flags: 1 maximize. Operands are distinct memory. */
  adaptive: {
    fn: 'u32',
    param: 'inout',
    grad: 'in',
    a: 'inout',
    b: 'inout',
    c: 'inout',
    settings: 'in',
    n: 'u32',
    flags: 'u32',
  },
} as const satisfies CommandRows;

export const optimCosts: Costs<typeof optimCommands> = {
  sgd: { elements: 'index != 0 ? count * inner : n', work: 'elements * 2', flops: 'elements' },
  adam: { elements: 'n', work: 'elements * 4', flops: 'elements' },
  adaptive: { elements: 'n', work: 'elements * 4' },
};
