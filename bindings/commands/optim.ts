/** Optimizers besides SGD and Adam. The kinds of fields are explained in table.ts. */
import type { FieldKind } from './kinds.ts';

/**
 * Rules of `adaptive`, with g = ±grad + settings[2]·p, lr = settings[0], ε = settings[1] and r = settings[3], s = settings[4] = 1 − r:
 * rmsprop: a = r·a + s·g²; with b: b = r·b + s·g, and v = a − b², else v = a; u = g / (√v + ε); with c: u = c = settings[5]·c + u; p −= lr·u.
 * adagrad: a += g²;  p −= lr·g / (√a + ε).
 * adadelta: a = r·a + s·g²;  u = √(b + ε) / √(a + ε)·g;  b = r·b + s·u²;  p −= lr·u.
 * nadam: a = r·a + s·g;  b = settings[5]·b + settings[6]·g²;  p = settings[9]·p − (lr·g + settings[8]·a) / (√b / settings[7] + ε).
 */
export const adaptiveFns = ['rmsprop', 'adagrad', 'adadelta', 'nadam'] as const;

export const optimCommands = {
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
} as const satisfies Record<string, Record<string, FieldKind>>;
