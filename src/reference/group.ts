/** A group: its commands, one after the other. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel } from './heap.ts';
import { kernels } from './kernels.ts';

const HEADER = fieldsOf('group').count + 1;

export const group: ReferenceKernel = (heap, words, floats, at) => {
  const end = at + words[at + 1]!;
  for (let part = at + HEADER; part < end; part += words[part + 1]!) kernels[words[part]!]!(heap, words, floats, part);
};
