/**
 * The checks that keep wrong results out of the comparison: outputs against plain double-precision JavaScript, to
 * 10⁻³ relative (plus 10⁻³ of the output's root mean square, for elements near zero).
 */
import type { Numbers } from './types.ts';

const TOLERANCE = 1e-3;

/** Compares `output[at(i)]` with `wanted[i]`. Describes the first element that differs, if any. */
export function differs(output: Numbers, wanted: Numbers, at: (i: number) => number = (i) => i): string | undefined {
  let squares = 0;
  for (let i = 0; i < wanted.length; i++) squares += wanted[i]! ** 2;
  const rms = Math.sqrt(squares / Math.max(1, wanted.length));
  for (let i = 0; i < wanted.length; i++) {
    const got = output[at(i)];
    const want = wanted[i]!;
    const close = got !== undefined && Math.abs(got - want) <= TOLERANCE * (Math.abs(want) + rms);
    if (!close) return `element ${at(i)} is ${got}, should be ${want}`;
  }
  return undefined;
}

/** Compares the whole output. */
export function matches(wanted: Numbers): (output: Numbers) => string | undefined {
  return (output) => {
    if (output.length !== wanted.length) return `${output.length} elements, should be ${wanted.length}`;
    return differs(output, wanted);
  };
}
