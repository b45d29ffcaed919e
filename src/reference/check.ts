/** Whether elements lie in a range: the first that does not is left in the fault words. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const C = fieldsOf('check');

const check: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const x = words[at + C.x]!;
  const fault = words[at + C.fault]!;
  if (i[fault] !== 0) return;
  const isInteger = words[at + C.integer] === 1;
  const elements = isInteger ? i : f;
  const scalars = isInteger ? words : floats;
  const [low, high, except] = [scalars[at + C.low]!, scalars[at + C.high]!, scalars[at + C.except]!];
  for (let e = 0; e < words[at + C.n]!; e++) {
    const value = elements[x + e]!;
    if (!(value < low || value > high) || value === except) continue;
    i[fault] = words[at + C.site]!;
    i[fault + 1] = e;
    elements[fault + 2] = value;
    return;
  }
};

export const checkKernels = { check } satisfies ReferenceKernels;
