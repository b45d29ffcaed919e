/** Functions that kernels can apply to their results before they write them. */
import { ArgumentError, refuse } from '../errors.ts';
import { Activation as codes } from '../generated/encode.ts';

/** 'none', or relu max(x, 0), sigmoid 1/(1 + e⁻ˣ), tanh. */
export type Activation = keyof typeof codes;

/** Its code in commands. */
export function activationCode(op: string, activation: Activation): number {
  if (activation === 'none') return codes.none;
  if (!Object.hasOwn(codes, activation))
    refuse(ArgumentError, op, `unknown activation ${String(activation)} (known: ${Object.keys(codes).join(', ')})`, {
      argument: 'activation',
      got: activation,
    });
  return codes[activation];
}
