/** The programs of a compiled function: one for each kind of arguments that it has been called with. */
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { warn } from '../../bindings/warn.ts';
import { defaultExecutor, executorFor } from '../runtime/runtime.ts';
import { isGradEnabled } from '../tape/mode.ts';
import { sameShape } from '../tensor/shapes.ts';
import { isTensor } from '../tensor/tensor.ts';
import { type Placement, recordPlaced } from './placement.ts';
import { Recorder } from './recorder.ts';
import type { Replay } from './replay.ts';
import { type Traceable, type Traced, trace } from './traced.ts';

/** What an argument must be for a program to serve it. */
type Kind =
  | { tensor: true; shape: readonly number[]; dtype: DType; executor: Executor }
  | { tensor: false; value: unknown };

/** A program, and what it is for. */
interface Entry extends Traced {
  readonly kinds: readonly Kind[];
  /** Whether operations were recorded for gradients. */
  readonly grad: boolean;
  readonly placement: Placement;
}

/** The most programs of one function; the one that has not run for longest makes room. */
const MAX_PROGRAMS = 128;
/** So many programs may be recorded more than are used again, before the function runs without. */
const MAX_IN_VAIN = 64;

function fits(kind: Kind, argument: unknown): boolean {
  if (!kind.tensor) return Object.is(kind.value, argument);
  return (
    isTensor(argument) &&
    argument.dtype === kind.dtype &&
    sameShape(argument.shape, kind.shape) &&
    argument.executor === kind.executor &&
    // Tracing refuses one that does.
    !argument.requiresGrad
  );
}

function kindOf(argument: unknown): Kind {
  if (!isTensor(argument)) return { tensor: false, value: argument };
  return { tensor: true, shape: argument.shape, dtype: argument.dtype, executor: argument.executor };
}

/** Numbers for objects, so that what a call was given can be written down without holding it. */
const numbers = new WeakMap<object, number>();
let nextNumber = 0;

function numberOf(value: object): number {
  let number = numbers.get(value);
  if (number === undefined) {
    number = nextNumber++;
    numbers.set(value, number);
  }
  return number;
}

/** What the kind of an argument looks like. */
function signOf(argument: unknown): string {
  if (isTensor(argument)) return `${argument.dtype} ${argument.shape} ${argument.device}`;
  const isObject = (typeof argument === 'object' && argument !== null) || typeof argument === 'function';
  return isObject ? `object ${numberOf(argument)}` : `${typeof argument} ${String(argument)}`;
}

/** Decides whether recording pays: it does if calls repeat. */
class Worth {
  /** Programs that were recorded, less the calls that used one again. */
  private inVain = 0;
  /** The last calls that were not recorded. */
  private readonly seen = new Set<string>();
  private hasWarned = false;

  /** A program was used again. */
  used(): void {
    if (this.inVain > 0) this.inVain--;
  }

  /** A program was recorded. */
  recorded(): void {
    if (this.inVain < MAX_IN_VAIN) this.inVain++;
  }

  /** Whether to record a call that no program serves. */
  isRecording(args: readonly unknown[]): boolean {
    if (this.inVain < MAX_IN_VAIN) return true;
    const sign = args.map(signOf).join(', ');
    if (this.seen.delete(sign)) return true;
    const [oldest] = this.seen;
    if (oldest !== undefined && this.seen.size === MAX_PROGRAMS) this.seen.delete(oldest);
    this.seen.add(sign);
    this.warnOnce();
    return false;
  }

  private warnOnce(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    warn(
      `saraf: compile: ${MAX_IN_VAIN} programs were recorded for a function in vain, because each call brought new shapes or new numbers; until they repeat it runs without: pad to few shapes, or pass what changes as a tensor`,
    );
  }
}

export class Programs {
  /** The one that ran last is the first. */
  private readonly entries: Entry[] = [];
  private readonly worth = new Worth();
  /** The one that ran last. */
  last: Entry | null = null;

  constructor(
    private readonly fn: Traceable,
    private readonly device: Device | 'auto' | undefined,
  ) {}

  get replays(): Replay[] {
    return this.entries.map(({ replay }) => replay);
  }

  /** The program for these arguments, which becomes the last one. It is recorded if there is none; null: that does not pay. */
  find(args: readonly unknown[]): Entry | null {
    const grad = isGradEnabled();
    const { entries, last, worth } = this;
    if (last !== null && this.serves(last, args, grad)) {
      worth.used();
      return last;
    }
    const at = entries.findIndex((other) => other !== last && this.serves(other, args, grad));
    let entry = entries[at];
    if (entry !== undefined) {
      worth.used();
      entries.splice(at, 1);
    } else {
      // What runs elsewhere than its arguments live must be a program.
      if (!worth.isRecording(args) && this.device === undefined) return null;
      this.makeRoom();
      entry = { kinds: args.map(kindOf), grad, ...this.record(args) };
      worth.recorded();
    }
    entries.unshift(entry);
    this.last = entry;
    return entry;
  }

  private serves({ kinds, grad: wanted, replay }: Entry, args: readonly unknown[], grad: boolean): boolean {
    return (
      wanted === grad &&
      kinds.length === args.length &&
      kinds.every((kind, i) => fits(kind, args[i])) &&
      replay.isCurrent() &&
      // Once the GPU is lost, the choice is made again.
      !(this.device === 'auto' && replay.base.isLost === true)
    );
  }

  /** Disposes programs that can never run again, and the one that has not run for longest if there are too many. */
  private makeRoom(): void {
    const { entries } = this;
    const stale = entries.filter(({ replay }) => replay.isStale());
    const living = entries.filter((entry) => !stale.includes(entry));
    stale.push(...living.slice(MAX_PROGRAMS - 1));
    for (const entry of stale) {
      entries.splice(entries.indexOf(entry), 1);
      if (entry === this.last) this.last = null;
      entry.replay.dispose();
    }
  }

  private record(args: readonly unknown[]): Traced & { placement: Placement } {
    const { fn, device } = this;
    const recordOn = (recorder: Recorder) => trace(fn, args, recorder);
    const inputs = args.filter(isTensor);
    if (device === 'auto') return recordPlaced(inputs, recordOn);
    const [first] = inputs;
    const [executor, reason] =
      device !== undefined
        ? [executorFor(device), `it was compiled for ${device}`]
        : first !== undefined
          ? [first.executor, `its first input lives on ${first.device}`]
          : [defaultExecutor(), 'new tensors go there'];
    const traced = recordOn(new Recorder(executor));
    return { ...traced, placement: { device: executor.device, estimate: {}, reason } };
  }

  dispose(): void {
    for (const { replay } of this.entries.splice(0)) replay.dispose();
    this.last = null;
  }
}
