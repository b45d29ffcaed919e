/**
 * Following operations while they run, as the export to ONNX does. Operations tell a watcher what they made of what: most of them
 * where they are recorded for gradients or where their command is encoded. `restate` names what several of them did together.
 */
import type { Tensor } from './tensor.ts';

/** Numbers and names that an operation was given besides tensors. */
export type Details = Readonly<Record<string, unknown>>;

export interface Watcher {
  /** `outputs` are `op` of `inputs`. Of two notes about one output the first counts, unless the second is a restatement. */
  note(op: string, inputs: readonly Tensor[], outputs: readonly Tensor[], details?: Details, restated?: boolean): void;
  /** Code outside reads the elements of x. */
  read(op: string, x: Tensor): void;
  /** The elements of x became those of `result`. */
  changed(op: string, x: Tensor, result: Tensor): void;
}

/** The watcher at work, or null. */
export let watching: Watcher | null = null;

/** Runs `fn` under a watcher, or under none. */
export function withWatcher<T>(watcher: Watcher | null, fn: () => T): T {
  const before = watching;
  watching = watcher;
  try {
    return fn();
  } finally {
    watching = before;
  }
}

/** Notes that `output` is, as a whole, `op` of `inputs`, and returns it. Absent inputs are left out. */
export function restate(op: string, inputs: readonly (Tensor | null)[], output: Tensor, details: Details = {}): Tensor {
  if (watching !== null) {
    const given = inputs.filter((input) => input !== null);
    watching.note(op, given, [output], details, true);
  }
  return output;
}
