/**
 * Whether a command is worth a second thread, by its work (bindings/commands/cost.ts). Only sizes decide, never addresses or timing.
 */

import { GroupCommand, Opcode, StripCommand } from '../generated/commands';
import { workOfOne } from '../generated/cost';

/**
 * The least work of a command that is shared: 5 µs. With a worker that is awake, two threads win from 2.5 µs on (bench/forkJoin.ts
 * measures it); between the two, on a machine that has other work to do, they lose more than they win.
 */
const SHARED_WORK: u64 = 32 * 1024;
/** The least work in shared commands for which a program wakes sleeping workers: 80 µs. Two threads win from 60 µs on. */
export const WAKING_WORK: u64 = 512 * 1024;

/** The work of `count` consecutive commands. */
function workOfParts(first: usize, count: u32): u64 {
  let work: u64 = 0;
  let part = first;
  for (let i: u32 = 0; i < count; i++) {
    work += workOf(part);
    part += (<usize>load<u32>(part, 4)) << 2;
  }
  return work;
}

/** The work of one command. */
function workOf(cmd: usize): u64 {
  switch (load<u32>(cmd)) {
    case Opcode.strip:
      return workOfParts(cmd + offsetof<StripCommand>(), changetype<StripCommand>(cmd).count);
    case Opcode.group:
      return workOfParts(cmd + offsetof<GroupCommand>(), changetype<GroupCommand>(cmd).count);
    default:
      return workOfOne(cmd);
  }
}

/** Whether a command is divided among threads. */
export function isShared(cmd: usize): bool {
  return workOf(cmd) >= SHARED_WORK;
}

/** The work of a program's commands that are shared. */
export function sharedWork(program: usize, commands: u32): u64 {
  let sum: u64 = 0;
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    const work = workOf(cmd);
    if (work >= SHARED_WORK) sum += work;
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
  return sum;
}

/** Whether a program has anything for a second thread. */
export function worthSharing(program: usize, commands: u32): bool {
  return sharedWork(program, commands) > 0;
}
