/**
 * A program that stays on the GPU: its launches are planned once, and their parameters keep their slots. When a word changes,
 * its command is planned again. A run is one submission.
 */
import type { LoadedProgram } from '../../bindings/executor.ts';
import { type Launch, slotWordsFor } from './launch.ts';
import type { Queue, Slots } from './queue.ts';

/** What a program needs of its executor. */
export interface Host {
  readonly queue: Queue;
  /** Grows when earlier plans become invalid: scratch memory has moved, or other shaders are needed. */
  readonly planVersion: number;
  /** Throws when the device is lost. */
  check(): void;
  plan(words: Int32Array, at: number): Launch[];
}

interface Planned {
  launches: Launch[];
  /** Word at which its slots start. */
  slot: number;
}

const slotsOf = (launches: readonly Launch[]): number =>
  launches.reduce((sum, { words }) => sum + slotWordsFor(words.length), 0);

export class GpuProgram implements LoadedProgram {
  private readonly words: Int32Array;
  /** Word at which each command starts. */
  private readonly starts: number[] = [];
  private planned: Planned[] = [];
  private slots: Slots | null = null;
  private readonly changed = new Set<number>();
  private planVersion = -1;

  constructor(
    private readonly host: Host,
    words: Int32Array,
    commands: number,
  ) {
    this.words = words.slice();
    let at = 0;
    for (let i = 0; i < commands; i++) {
      this.starts.push(at);
      at += words[at + 1]!;
    }
    this.planAll();
  }

  ready(): void {}

  patch(at: number, word: number): void {
    if (this.words[at] === word) return;
    this.words[at] = word;
    this.changed.add(this.commandAt(at));
  }

  run(at = 0, commands = this.starts.length): void {
    const { host } = this;
    host.check();
    if (commands === 0) return;
    if (host.planVersion !== this.planVersion || !this.planChanged()) this.planAll();
    const first = this.commandAt(at);
    for (const { launches, slot } of this.planned.slice(first, first + commands)) {
      let next = slot;
      for (const launch of launches) {
        host.queue.addAt(launch, this.slots!, next);
        next += slotWordsFor(launch.words.length);
      }
    }
    host.queue.submit();
  }

  dispose(): void {
    this.slots?.dispose();
  }

  /** The last command that starts at or before a word. */
  private commandAt(at: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private planAll(): void {
    const { host } = this;
    do {
      this.planVersion = host.planVersion;
      let slot = 0;
      this.planned = this.starts.map((start) => {
        const planned = { launches: host.plan(this.words, start), slot };
        slot += slotsOf(planned.launches);
        return planned;
      });
    } while (this.planVersion !== host.planVersion);
    this.changed.clear();
    const last = this.planned.at(-1);
    const length = last === undefined ? 0 : last.slot + slotsOf(last.launches);
    if (this.slots !== null && this.slots.words.length !== length) {
      this.slots.dispose();
      this.slots = null;
    }
    if (length === 0) return;
    this.slots ??= host.queue.makeSlots(length);
    for (const planned of this.planned) this.place(planned);
    this.slots.upload(0, length);
  }

  /** Plans changed commands again. False if they do not fit their slots any more. */
  private planChanged(): boolean {
    let from = Infinity;
    let to = 0;
    for (const i of this.changed) {
      const planned = this.planned[i]!;
      const size = slotsOf(planned.launches);
      planned.launches = this.host.plan(this.words, this.starts[i]!);
      if (slotsOf(planned.launches) !== size || this.host.planVersion !== this.planVersion) return false;
      this.place(planned);
      from = Math.min(from, planned.slot);
      to = Math.max(to, planned.slot + size);
    }
    this.changed.clear();
    this.slots?.upload(from, to);
    return true;
  }

  private place({ launches, slot }: Planned): void {
    let at = slot;
    for (const { words } of launches) {
      this.slots!.words.set(words, at);
      at += slotWordsFor(words.length);
    }
  }
}
