/** The opcode `unary`: each thread takes a range of the elements. The loops are in map.ts. */
import { UnaryCommand } from '../generated/commands';
import { unary } from '../generated/unary';
import { partStart } from './partition';

export function unaryKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<UnaryCommand>(cmd);
  const begin = partStart(c.n, thread, threads);
  const end = partStart(c.n, thread + 1, threads);
  if (begin >= end) return;
  unary(c.fn, (<usize>c.x + begin) << 2, (<usize>c.y + begin) << 2, end - begin, c.p0, c.p1);
}
