/**
 * The two parts of a program's run: the first makes all checks of values, the second follows if nothing was found. Only the second should
 * change memory outside. What the first cannot help changing is saved, and put back after a fault. So a run that is refused has changed
 * nothing.
 */
import type { Executor, NumericArray } from '../../bindings/executor.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Hook } from '../tensor/trace.ts';
import { checkedBy } from './checksFirst.ts';
import { type Command, writes } from './commands.ts';

/** What must be known about a program to divide it. */
export interface Loaded {
  commands: readonly Command[];
  /** Word at which each command starts. */
  starts: readonly number[];
  hooks: readonly Hook[];
  /** For each input, the words that hold its address. */
  inputWords: readonly (readonly number[])[];
  /** The storage outside that holds an address. */
  storageOf(address: number): Storage | null;
}

export class Parts {
  /** Commands of the first part. */
  readonly checked: number;
  /** Word at which the second part starts. */
  readonly second: number;
  /** Commands of the second part. */
  readonly left: number;
  /** What must happen before the first part, and before the second. */
  readonly early: readonly Hook[];
  readonly late: readonly Hook[];
  /** What the first part changes: storages outside, and inputs. */
  private readonly changes: readonly Storage[];
  private readonly changedInputs: readonly number[];

  constructor(
    private readonly base: Executor,
    { commands, starts, hooks, inputWords, storageOf }: Loaded,
  ) {
    const checked = base.download === undefined ? checkedBy(commands) : 0;
    const first = commands.slice(0, checked);
    const used = new Set<Storage | null>();
    const written = new Set<Storage | null>();
    const writtenWords = new Set<number>();
    for (const [i, command] of first.entries()) {
      const start = starts[i] ?? 0;
      if (command.opcode === 'random') used.add(null);
      for (const operand of command.operands) {
        const storage = storageOf(command.address(operand));
        if (storage !== null) used.add(storage);
        if (!writes(operand)) continue;
        written.add(storage);
        writtenWords.add(start + operand.at);
      }
    }
    this.early = hooks.filter(({ memory }) => used.has(memory));
    this.late = hooks.filter(({ memory }) => !used.has(memory));
    for (const { memory } of this.early) if (memory !== null) written.add(memory);
    this.changes = [...written].filter((storage) => storage !== null);
    this.changedInputs = inputWords.flatMap((words, i) => (words.some((word) => writtenWords.has(word)) ? [i] : []));
    this.checked = checked;
    this.second = starts[checked] ?? 0;
    this.left = commands.length - checked;
  }

  /** Saves what the first part changes. Returns a function that puts it back. */
  save(inputs: readonly Tensor[]): () => void {
    const copies = [
      ...this.changes.map(({ address, length }) => this.copyOf(address, length)),
      ...this.changedInputs.map((i) => this.copyOf(inputs[i]!.address, inputs[i]!.numel)),
    ];
    const undo = this.early.map((hook) => hook.save());
    return () => {
      for (const { address, words } of copies) this.base.write(address, words, 'float32');
      for (const putBack of undo) putBack();
    };
  }

  private copyOf(address: number, length: number): { address: number; words: NumericArray } {
    return { address, words: this.base.read(address, length, 'float32') };
  }
}
