/** Where a program spends its time: each command timed by itself. */
import { ArgumentError, DeviceError, refuse } from '../../bindings/errors.ts';
import { now } from '../../bindings/host.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { type Compiled, replayOf } from './compile.ts';
import { costOf } from './cost.ts';
import { commandName, commandSizes } from './listing.ts';
import type { Replay } from './replay.ts';

/** One command's share of a program. */
export interface CommandProfile {
  /** What it computes, such as `gemm + bias + relu`. */
  name: string;
  /** What it works on, such as `64×784 · 784×128` of a matrix product. */
  sizes: string;
  /** Median over the repetitions. */
  microseconds: number;
  /** Share of the sum of all commands. */
  share: number;
  /** Floating-point operations. */
  flops: number;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** Runs of a command between two readings of the clock, whose steps are coarser than small commands. */
const BURST = 20;

/** Microseconds of the command that starts at a word, so many times. */
function timesOf({ loaded }: Replay, start: number, repeats: number): number[] {
  return Array.from({ length: repeats }, () => {
    const before = now();
    for (let run = 0; run < BURST; run++) loaded.run(start, 1);
    return ((now() - before) * 1000) / BURST;
  });
}

/**
 * Times every command of the program that a compiled function ran last, on inputs of zeros. Parameters and all else that the commands change
 * are put back.
 *
 * @param options repeats: measurements of each command, default 11
 * @example
 * const step = compile((x: Tensor) => model.forward(x).argmax(1));
 * step(x);
 * for (const { name, microseconds, share } of profile(step)) console.log(name, microseconds, share);
 */
export function profile<A extends unknown[], R>(
  step: Compiled<A, R>,
  options: { repeats?: number } = {},
): CommandProfile[] {
  if (arguments.length > 2) noMore('profile', 2, arguments);
  checkOptions('profile', options, { repeats: VALUE });
  const { repeats = 11 } = options;
  checkWhole('profile', 'repeats', repeats, 1);
  const replay = replayOf(step);
  if (replay === null)
    refuse(ArgumentError, 'profile', 'the compiled function has not been called yet', { argument: 'step' });
  if (replay.isAsynchronous) {
    refuse(
      DeviceError,
      'profile',
      'commands on webgpu run after the call that starts them, and cannot be timed by it',
      { argument: 'step' },
    );
  }
  const times = replay.rehearse(() => replay.starts.map((start) => median(timesOf(replay, start, repeats))));
  const total = times.reduce((sum, time) => sum + time, 0);
  return replay.commands.map((command, i) => {
    const microseconds = times[i] ?? 0;
    return {
      name: commandName(command),
      sizes: commandSizes(command),
      microseconds,
      share: total === 0 ? 0 : microseconds / total,
      flops: costOf(command).flops,
    };
  });
}
