/**
 * Whether operations are being recorded for `compile`, and what whoever records them is told. While they are, tensors of the traced
 * executor see the tracer in its place (`active`), so that what they encode is kept instead of run.
 */
import type { Executor } from '../../bindings/executor.ts';
import type { Range } from '../../bindings/ranges.ts';
import type { GradientRows, Variable } from './graph.ts';
import type { Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** What must happen before the commands of a run that use `memory`. */
export interface Hook {
  /** The storage that they find something in, or null: the state of the random numbers. */
  memory: Storage | null;
  run(): void;
  /** Remembers what `run` changes on this side: returns what puts it back. `memory` is not its concern. */
  save(): () => void;
}

/** A stream of random numbers that commands draw from. */
export interface RandomStream {
  state: { seed: number; counter: number };
  /** Writes seed and position where an executor's commands look for them. */
  place(executor: Executor): void;
  /** Goes on by this many blocks. */
  skip(blocks: number): void;
}

/** Whoever records operations, in the place of the executor that would run them. */
export interface Tracer extends Executor {
  /** The executor in whose place it is. */
  readonly base: Executor;
  /** Storages outside that the library made for the trace. */
  readonly made: Set<Storage>;
  /** What must hold for the recorded program to be right. */
  readonly conditions: (() => boolean)[];
  /** Leaves that were given a gradient. */
  readonly gradients: ReadonlyMap<Variable, Tensor>;
  /** A storage was made on virtual memory. */
  track(storage: Storage): void;
  /** A tensor of this storage is about to be used. */
  meet(storage: Storage): void;
  /** A command is about to use a storage. */
  capture(storage: Storage): void;
  /** A leaf without gradient was given one. */
  deposited(leaf: Variable): void;
  /** A leaf's gradient was added to the one that it had before. */
  accumulated(leaf: Variable, before: Tensor): void;
  /** A leaf forgets its gradient. Takes it if it was there before the traced function, and says whether it has. */
  drop(leaf: Variable): boolean;
  /** The function's course may depend on a setting of `owner`: the program holds while that is what it was when first met. */
  dependsOn(owner: object, read: () => boolean): void;
  /** Has `hook` run before every run. */
  beforeRun(hook: Hook): void;
  /** Has the host look at a tensor's values before every run, where a command that does is too late and the host knows them. */
  guard(tensor: Tensor, range: Range): void;
  /** Reserves blocks of a random stream; returns how many were reserved before. */
  drawFrom(stream: RandomStream, blocks: number): number;
  /** Takes over memory of a gradient that lasts from run to run. */
  own(memory: GradientRows): void;
}

/** The tracer at work, or null. */
export let tracing: Tracer | null = null;

/** The executor that commands for `executor` go to now. */
export function active(executor: Executor): Executor {
  return tracing !== null && tracing.base === executor ? tracing : executor;
}

/** Runs `fn` with this tracer at work, or with none. */
export function withTracer<T>(tracer: Tracer | null, fn: () => T): T {
  const before = tracing;
  tracing = tracer;
  try {
    return fn();
  } finally {
    tracing = before;
  }
}

/** The tracer that something is done apart from, or null. */
export let paused: Tracer | null = null;

/** Runs `fn` at once instead of recording it: for what belongs to the outside of a program, such as an optimizer's memory. */
export function untraced<T>(fn: () => T): T {
  if (tracing === null) return fn();
  const before = paused;
  paused = tracing;
  try {
    return withTracer(null, fn);
  } finally {
    paused = before;
  }
}
