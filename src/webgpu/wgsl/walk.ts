/**
 * Shaders in which each thread computes one element of a contiguous or strided result. Dimensions of the operands are merged where
 * possible, and each number of dimensions that is left has a shader of its own.
 */
import { collapse } from '../../../bindings/commands/strided.ts';
import { gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

export interface WalkOperand {
  /** WGSL name of the element's index in the heap. */
  name: string;
  address: number;
  strides: readonly number[];
}

/** Statements that compute every operand's index from the element's number `id`. */
function decode(ndim: number, operands: readonly WalkOperand[]): string {
  const lines = ['var rest = id;', ...operands.map(({ name }) => `var ${name} = ${name}Start;`)];
  for (let d = ndim - 1; d >= 0; d--) {
    const index = d === 0 ? 'rest' : `(rest % size${d})`;
    for (const { name } of operands) lines.push(`${name} += ${index} * ${name}Step${d};`);
    if (d > 0) lines.push(`rest /= size${d};`);
  }
  return lines.join('\n');
}

/**
 * Runs `body` for each element of `shape`; the operands' names are indices into the heap there. `extra` are further
 * parameters, `key` names what the body does.
 */
export function walk(
  planner: Planner,
  key: string,
  shape: readonly number[],
  operands: readonly WalkOperand[],
  body: string,
  extra: Record<string, number> = {},
): void {
  const n = shape.reduce((product, size) => product * size, 1);
  if (n === 0) return;
  const { shape: sizes, strides } = collapse(
    shape,
    operands.map((operand) => operand.strides),
  );
  const ndim = sizes.length;
  const values: Record<string, number> = { count: n, ...extra };
  operands.forEach(({ name, address }, o) => {
    values[`${name}Start`] = address;
    for (let d = 0; d < ndim; d++) values[`${name}Step${d}`] = strides[o]![d]!;
  });
  for (let d = 1; d < ndim; d++) values[`size${d}`] = sizes[d]!;
  const parameters = new Parameters(Object.keys(values));
  planner.launch({
    key: `${key}/${ndim}`,
    source: () =>
      shader({
        parameters,
        body: `if (id >= count) { return; }\n${decode(ndim, operands)}\n${body}`,
      }),
    words: parameters.words(values),
    groups: gridOfThreads(n),
  });
}
