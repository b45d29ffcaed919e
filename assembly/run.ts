/** Runs programs on the calling thread. */
import { dispatch, finish } from './generated/dispatch';

/** All commands of the program block at `program`, a byte address. */
export function run(program: usize, commands: u32): void {
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    dispatch(cmd, 0, 1);
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
}

/** The same with every command in `threads` parts one after the other, the last one first: tests of the partitions run this. */
export function runParts(program: usize, commands: u32, threads: u32): void {
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    for (let thread = threads; thread > 0; thread--) dispatch(cmd, thread - 1, threads);
    if (threads > 1) finish(cmd, threads);
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
}
