/**
 * Runs a strip: its commands, block by block. The commands are copied to the thread's scratch once; for each block their
 * addresses and counts are set and their own kernels run them. Assumes what the command table says of strips; blocks
 * are independent, so threads share them.
 *
 *   scratch of a thread: [ copied commands: COPY_WORDS ][ local 1: STRIP_BLOCK ][ local 2 ] …
 */
import { BinaryCommand, Opcode, STRIP_BLOCK, STRIP_LOCALS, StripCommand, UnaryCommand } from '../generated/commands';
import { packedBAddress } from '../scratch';
import { binaryKernel } from './binary';
import { unaryKernel } from './unary';

/** The most words of a strip's commands: plans contain no longer strips. */
const COPY_WORDS: u32 = 4096;

/** The address of an operand in the block that starts at element `start`; 0 if the operand is absent. */
// @ts-ignore: decorator
@inline
function place(address: u32, start: u32, locals: u32): u32 {
  if (address == 0) return 0;
  if (address <= STRIP_LOCALS) return locals + (address - 1) * STRIP_BLOCK;
  return address + start;
}

function runBlock(from: usize, copy: usize, count: u32, start: u32, n: u32, locals: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(from) == Opcode.unary) {
      const source = changetype<UnaryCommand>(from);
      const target = changetype<UnaryCommand>(copy);
      target.x = place(source.x, start, locals);
      target.y = place(source.y, start, locals);
      target.n = n;
      unaryKernel(copy, 0, 1);
    } else {
      const source = changetype<BinaryCommand>(from);
      const target = changetype<BinaryCommand>(copy);
      target.a = place(source.a, start, locals);
      target.b = place(source.b, start, locals);
      target.y = place(source.y, start, locals);
      target.shape0 = n;
      binaryKernel(copy, 0, 1);
    }
    const bytes = <usize>load<u32>(from, 4) << 2;
    from += bytes;
    copy += bytes;
  }
}

export function stripKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<StripCommand>(cmd);
  const n = c.n;
  const blocks = (n + STRIP_BLOCK - 1) / STRIP_BLOCK;
  const first = <u32>((<u64>blocks * thread) / threads);
  const last = <u32>((<u64>blocks * (thread + 1)) / threads);
  const from = cmd + offsetof<StripCommand>();
  const copy = packedBAddress(c.scratch, thread);
  memory.copy(copy, from, (<usize>c.words << 2) - offsetof<StripCommand>());
  const locals = <u32>(copy >> 2) + COPY_WORDS;
  for (let block = first; block < last; block++) {
    const start = block * STRIP_BLOCK;
    runBlock(from, copy, c.count, start, min(STRIP_BLOCK, n - start), locals);
  }
}
