/** RMSprop, Adagrad, Adadelta and NAdam, by the rules in the command table. */

import { readerOf } from '../../bindings/commands/fields.ts';
import { adaptiveFns } from '../../bindings/commands/optim.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';

const readAdaptive = readerOf('adaptive');

/** The change of one element; a, b and c are its addresses in the state, `at` that of the settings. */
type Rule = (f: Heap['f'], g: number, a: number, b: number | null, c: number | null, at: number) => number;

const rules: Record<(typeof adaptiveFns)[number], Rule> = {
  rmsprop: (f, g, a, b, c, at) => {
    const [r, s] = [f[at + 3]!, f[at + 4]!];
    f[a] = r * f[a]! + s * g * g;
    if (b !== null) f[b] = r * f[b]! + s * g;
    const u = g / (Math.sqrt(f[a]! - (b === null ? 0 : f[b]! * f[b]!)) + f[at + 1]!);
    if (c === null) return f[at]! * u;
    f[c] = f[at + 5]! * f[c]! + u;
    return f[at]! * f[c]!;
  },
  adagrad: (f, g, a, _b, _c, at) => {
    f[a] = f[a]! + g * g;
    return (f[at]! * g) / (Math.sqrt(f[a]!) + f[at + 1]!);
  },
  adadelta: (f, g, a, b, _c, at) => {
    const [epsilon, r, s] = [f[at + 1]!, f[at + 3]!, f[at + 4]!];
    f[a] = r * f[a]! + s * g * g;
    const u = (Math.sqrt(f[b!]! + epsilon) / Math.sqrt(f[a]! + epsilon)) * g;
    f[b!] = r * f[b!]! + s * u * u;
    return f[at]! * u;
  },
  nadam: (f, g, a, b, _c, at) => {
    f[a] = f[at + 3]! * f[a]! + f[at + 4]! * g;
    f[b!] = f[at + 5]! * f[b!]! + f[at + 6]! * g * g;
    return (f[at]! * g + f[at + 8]! * f[a]!) / (Math.sqrt(f[b!]!) / f[at + 7]! + f[at + 1]!);
  },
};

/** One step of one parameter. */
const adaptive: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readAdaptive(words, at);
  const { param, grad, settings, a, b, c } = command;
  const rule = rules[adaptiveFns[command.fn]!];
  const sign = command.flags & 1 ? -1 : 1;
  const decay = adaptiveFns[command.fn] === 'nadam' ? f[settings + 9]! : 1;
  for (let e = 0; e < command.n; e++) {
    const g = sign * f[grad + e]! + f[settings + 2]! * f[param + e]!;
    f[param + e] = decay * f[param + e]! - rule(f, g, a + e, b === 0 ? null : b + e, c === 0 ? null : c + e, settings);
  }
};

export const adaptiveKernels = { adaptive } satisfies ReferenceKernels;
