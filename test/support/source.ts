/** Random choices from a seed, for tests that draw programs and shapes. */
import { seeded } from './commands.ts';

export class Source {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  /** A whole number, low ≤ n ≤ high. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  flip(): boolean {
    return this.next() < 0.5;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }
}

export function shuffled<T>(source: Source, list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = source.whole(0, i);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
