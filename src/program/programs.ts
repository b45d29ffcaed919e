/** The programs of a compiled function: one for each kind of arguments that it has been called with. */
import { refuse, TraceError } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
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

/** The most programs of one function: if it needs more, its arguments never repeat. */
const MAX_PROGRAMS = 64;

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

export class Programs {
  /** The newest first. */
  private readonly entries: Entry[] = [];
  /** The one that ran last. */
  last: Entry | null = null;

  constructor(
    private readonly fn: Traceable,
    private readonly device: Device | 'auto' | undefined,
  ) {}

  get replays(): Replay[] {
    return this.entries.map(({ replay }) => replay);
  }

  /** The program for these arguments, which becomes the last one. It is recorded if there is none. */
  find(args: readonly unknown[]): Entry {
    const grad = isGradEnabled();
    const { entries, last } = this;
    if (last !== null && this.serves(last, args, grad)) return last;
    let entry = entries.find((other) => other !== last && this.serves(other, args, grad));
    if (entry === undefined) {
      this.disposeStale();
      if (entries.length >= MAX_PROGRAMS) {
        refuse(
          TraceError,
          'compile',
          `${MAX_PROGRAMS} programs were recorded for one function, because each call brought new shapes or new numbers; pass what changes as a tensor`,
        );
      }
      entry = { kinds: args.map(kindOf), grad, ...this.record(args) };
      entries.unshift(entry);
    }
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

  private disposeStale(): void {
    const { entries } = this;
    for (const stale of entries.filter(({ replay }) => replay.isStale())) {
      entries.splice(entries.indexOf(stale), 1);
      if (stale === this.last) this.last = null;
      stale.replay.dispose();
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
