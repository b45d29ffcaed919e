/** A group: the launches of its commands, one after the other. */
import { fieldsOf } from '../../../bindings/commands/fields.ts';
import { kernels } from '../kernels.ts';
import type { GpuKernel } from '../launch.ts';

const HEADER = fieldsOf('group').count + 1;

export const group: GpuKernel = (words, at, planner) => {
  const end = at + words[at + 1]!;
  for (let part = at + HEADER; part < end; part += words[part + 1]!) kernels[words[part]!]!(words, part, planner);
};
