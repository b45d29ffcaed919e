/**
 * Whether operations are being recorded for `compile`, and what the recorder is told. While they are, tensors of the traced
 * executor see the tracer in its place (`active`), so that the commands that they encode are kept instead of run.
 */
import type { Executor } from '../../bindings/executor.ts';
import type { Range } from '../../bindings/ranges.ts';
import type { GradientRows, Variable } from './graph.ts';
import type { Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** What must happen before the commands of a run that use `memory`. */
export interface Hook {
  /** The storage from which they read it, or null for the state of the random numbers. */
  memory: Storage | null;
  run(): void;
  /** Saves what `run` changes on the host. Returns a function that puts it back. The caller takes care of `memory`. */
  save(): () => void;
}

/** A stream of random numbers that commands draw from. */
export interface RandomStream {
  state: { seed: number; counter: number };
  /** Writes seed and position where an executor's commands read them. */
  place(executor: Executor): void;
  /** Skips this many blocks. */
  skip(blocks: number): void;
}

/** What records operations instead of the executor that would run them. */
export interface Tracer extends Executor {
  /** The executor whose place it takes. */
  readonly base: Executor;
  /** Storages outside that the library made for the trace. */
  readonly made: Set<Storage>;
  /** What must hold for the recorded program to be valid. */
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
  /** A leaf forgets its gradient. Takes the gradient if it is from before the traced function, and returns whether it did. */
  drop(leaf: Variable): boolean;
  /** What the function does may depend on a setting of `owner`: the program is valid while the setting is as it was when first read. */
  dependsOn(owner: object, read: () => boolean): void;
  /** Has `hook` run before every run. */
  beforeRun(hook: Hook): void;
  /** Has the host check a tensor's values before every run, if it knows them and a command's check would come too late. */
  guard(tensor: Tensor, range: Range): void;
  /** Reserves blocks of a random stream. Returns how many were reserved before. */
  drawFrom(stream: RandomStream, blocks: number): number;
  /** Takes over memory of a gradient, which is kept from run to run. */
  own(memory: GradientRows): void;
}

/** The tracer at work, or null. */
export let tracing: Tracer | null = null;

/** Where commands for `executor` go now. */
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

/** The tracer that is paused by `untraced`, or null. */
export let paused: Tracer | null = null;

/** Runs `fn` at once instead of recording it: for what is outside the program, such as an optimizer's memory. */
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
