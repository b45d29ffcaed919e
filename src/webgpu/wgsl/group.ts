/** A group: the launches of its commands, one after the other. */
import { fieldsOf } from '../../../bindings/commands/fields.ts';
import type { GpuKernel } from '../launch.ts';

const HEADER = fieldsOf('group').count + 1;

/** The kernel of groups, which plans each command by `plan`. */
export function groupBy(plan: GpuKernel): GpuKernel {
  return (words, at, planner) => {
    const end = at + words[at + 1]!;
    for (let part = at + HEADER; part < end; part += words[part + 1]!) plan(words, part, planner);
  };
}
