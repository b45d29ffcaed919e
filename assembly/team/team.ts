/**
 * A team of threads in shared memory: the calling thread leads, the workers wait in `serve`. A command that is worth it
 * is divided into as many shares as there are threads (kernel(cmd, share, shares)); the leader opens the shares of the
 * workers, does its own, then those that nobody has taken yet, and goes on when all are done: fork and barrier in one.
 * A worker that sleeps, is slow to wake or has died costs its help, never a result: a share can be taken by anybody, once.
 *
 * The block at `team`, a byte address, in lines of 64 bytes so that threads do not share them:
 *
 *   line 0        [ cmd ][ shares ][ busy ]        the current command, written before its shares are opened; busy: 1 in a program
 *   lines 1 … 4   [ cell of share 1 ][ … 2 ] …     byte addresses of the cells that take part; others may be idle
 *   lines 5 …     [ state ][ share ][ taken ]      one cell a worker; `taken` counts the shares that it has done
 *
 * A cell's state changes only by atomic exchanges:
 *
 *   IDLE → ASLEEP           by the worker, before it waits            IDLE, ASLEEP → OPEN   by the leader
 *   OPEN → TAKEN            by the worker                             OPEN → IDLE           by the leader: it does the share
 *   TAKEN → AWAITED         by the leader, before it waits            TAKEN, AWAITED → IDLE by the worker: done
 *   TAKEN, AWAITED → FAILED by the worker, when its share trapped     IDLE, ASLEEP → QUIT   by the leader
 */
import { FAILED } from '../generated/commands';
import { dispatch, finish } from '../generated/dispatch';
import { run } from '../run';
import { isShared, sharedWork, WAKING_WORK } from './worth';

const IDLE: u32 = 0;
const ASLEEP: u32 = 1;
const OPEN: u32 = 2;
const TAKEN: u32 = 3;
const AWAITED: u32 = 4;
const QUIT: u32 = 6;

const CELLS: usize = 64;
const SHARES: usize = 4;
const BUSY: usize = 8;
const SHARE: usize = 4;
const SHARES_TAKEN: usize = 8;

/**
 * How often a thread looks at a cell, for about 1.2 ns each, before it goes to sleep: between programs, and within one, where
 * the next share is near. Waking a sleeper costs the waker 10 µs and takes 50; endless spinning would keep the core from other
 * work.
 */
const IDLE_SPINS: u32 = 16 * 1024;
const BUSY_SPINS: u32 = 64 * 1024;
/** The length of one wait for a worker, in nanoseconds. */
const PATIENCE: i64 = 1_000_000_000;
/** How often a leader that may not wait looks at a cell before it gives up on the worker: some tens of seconds. */
const LOOKS: u64 = 1 << 35;

// @ts-ignore: decorator
@inline
function stateOf(cell: usize): u32 {
  return atomic.load<u32>(cell);
}

/** A worker's life: waits for its share of a command, does it, until it is told to quit. */
export function serve(team: usize, cell: usize): void {
  let looks: u32 = 0;
  for (;;) {
    const state = stateOf(cell);
    if (state == OPEN) {
      if (atomic.cmpxchg<u32>(cell, OPEN, TAKEN) == OPEN) {
        dispatch(load<u32>(team), load<u32>(cell, SHARE), load<u32>(team, SHARES));
        store<u32>(cell, load<u32>(cell, SHARES_TAKEN) + 1, SHARES_TAKEN);
        if (atomic.xchg<u32>(cell, IDLE) == AWAITED) atomic.notify(cell, 1);
      }
      looks = 0;
    } else if (state == QUIT) {
      return;
    } else if (++looks >= IDLE_SPINS && (looks >= BUSY_SPINS || atomic.load<u32>(team, BUSY) == 0)) {
      if (atomic.cmpxchg<u32>(cell, IDLE, ASLEEP) <= ASLEEP) atomic.wait<u32>(cell, ASLEEP, -1);
      looks = 0;
    }
  }
}

/**
 * Waits until a share that a worker has taken is done. False if the worker has failed, or does not finish within `patience`
 * waits; 0: the leader may not wait, and spins. The loop needs the exchange: without any write there Binaryen hoists the load
 * out of it, atomic or not, and the leader looks only once.
 */
function join(cell: usize, patience: u32): bool {
  let waits: u32 = 0;
  let looks: u64 = 0;
  while (true) {
    looks++;
    const state = stateOf(cell);
    if (state <= ASLEEP) return true;
    if (state == FAILED) return false;
    if (patience == 0) {
      if (looks == LOOKS) return false;
    } else if (looks >= BUSY_SPINS) {
      if (waits++ == patience) return false;
      if (atomic.cmpxchg<u32>(cell, TAKEN, AWAITED) >= TAKEN) atomic.wait<u32>(cell, AWAITED, PATIENCE);
    }
  }
}

/** The cell of the worker whose share is number i ≥ 1. */
// @ts-ignore: decorator
@inline
function cellOf(team: usize, i: u32): usize {
  return load<u32>(team + ((<usize>i - 1) << 2), CELLS);
}

/** One command by all threads. Returns 0, or the share that was not done. */
function shareOut(cmd: usize, team: usize, threads: u32, patience: u32): u32 {
  store<u32>(team, <u32>cmd);
  store<u32>(team, threads, SHARES);
  for (let i: u32 = 1; i < threads; i++) {
    const cell = cellOf(team, i);
    if (atomic.xchg<u32>(cell, OPEN) == ASLEEP) atomic.notify(cell, 1);
  }
  dispatch(cmd, 0, threads);
  for (let i: u32 = 1; i < threads; i++) {
    if (atomic.cmpxchg<u32>(cellOf(team, i), OPEN, IDLE) == OPEN) dispatch(cmd, i, threads);
  }
  for (let i: u32 = 1; i < threads; i++) if (!join(cellOf(team, i), patience)) return i;
  finish(cmd, threads);
  return 0;
}

/** Whether one of the team's workers is asleep: waking it takes time. */
function someoneSleeps(team: usize, threads: u32): bool {
  for (let i: u32 = 1; i < threads; i++) if (stateOf(cellOf(team, i)) == ASLEEP) return true;
  return false;
}

/**
 * Runs all commands of the program block at `program` on the leader and threads − 1 workers. The leader runs commands not worth
 * sharing by itself; the workers are not woken for a program that has too little for them. A worker gets `patience` seconds for
 * its share; where the leader may not wait, `patience` is 0 and it looks a limited number of times. Returns 0, or the share of a
 * worker that failed: the program's results are undefined then, and the team must not be used again.
 */
export function lead(program: usize, commands: u32, team: usize, threads: u32, patience: u32): u32 {
  const work = sharedWork(program, commands);
  if (work == 0 || (work < WAKING_WORK && someoneSleeps(team, threads))) {
    run(program, commands);
    return 0;
  }
  atomic.store<u32>(team, 1, BUSY);
  let cmd = program;
  let failed: u32 = 0;
  for (let i: u32 = 0; i < commands && !failed; i++) {
    if (isShared(cmd)) failed = shareOut(cmd, team, threads, patience);
    else dispatch(cmd, 0, 1);
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
  atomic.store<u32>(team, 0, BUSY);
  return failed;
}
