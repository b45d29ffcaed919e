/**
 * Whether operations are being recorded for `compile`. While they are, tensors of the traced executor see the recorder
 * in its place (`active`), so that what they encode is kept instead of run.
 */
import type { Executor } from '../../bindings/executor.ts';
import type { Recorder } from '../program/recorder.ts';

/** The recorder at work, or null. */
export let tracing: Recorder | null = null;

/** The executor that commands for `executor` go to now. */
export function active(executor: Executor): Executor {
  return tracing !== null && tracing.base === executor ? tracing : executor;
}

/** Runs `fn` with this recorder at work, or with none. */
export function withRecorder<T>(recorder: Recorder | null, fn: () => T): T {
  const before = tracing;
  tracing = recorder;
  try {
    return fn();
  } finally {
    tracing = before;
  }
}

/** The recorder that something is done apart from, or null. */
export let paused: Recorder | null = null;

/** Runs `fn` at once instead of recording it: for what belongs to the outside of a program, such as an optimizer's memory. */
export function untraced<T>(fn: () => T): T {
  if (tracing === null) return fn();
  const before = paused;
  paused = tracing;
  try {
    return withRecorder(null, fn);
  } finally {
    paused = before;
  }
}
