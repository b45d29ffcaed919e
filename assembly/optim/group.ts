/**
 * Runs a group: every thread does its share of each command. Shares rotate among threads, so that short commands, which
 * only one thread can do, do not all fall to the same one. The commands are independent and have nothing to finish, so
 * shares do not wait for each other.
 */
import { dispatch } from '../generated/dispatch';
import { GroupCommand } from '../generated/commands';

export function groupKernel(cmd: usize, thread: u32, threads: u32): void {
  const count = changetype<GroupCommand>(cmd).count;
  let part = cmd + offsetof<GroupCommand>();
  let share = thread;
  for (let i: u32 = 0; i < count; i++) {
    dispatch(part, share, threads);
    if (++share == threads) share = 0;
    part += (<usize>load<u32>(part, 4)) << 2;
  }
}
