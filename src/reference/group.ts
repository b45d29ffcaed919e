/** A group: its commands, one after the other. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel } from './heap.ts';

const HEADER = fieldsOf('group').count + 1;

/** The kernel of groups, which runs each command by `run`. */
export function groupBy(run: ReferenceKernel): ReferenceKernel {
  return (heap, words, floats, at) => {
    const end = at + words[at + 1]!;
    for (let part = at + HEADER; part < end; part += words[part + 1]!) run(heap, words, floats, part);
  };
}
