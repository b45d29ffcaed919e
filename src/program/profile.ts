/** Where the time of a program goes: each command timed by itself. */
import { ArgumentError, DeviceError, refuse } from '../../bindings/errors.ts';
import { now } from '../../bindings/host.ts';
import { takeFault } from '../../bindings/ranges.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { type Compiled, replayOf } from './compile.ts';
import { costOf } from './cost.ts';
import { commandName, commandSizes } from './listing.ts';

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

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
/** Runs of a command between two looks at the clock, whose steps are coarser than small commands. */
const BURST = 20;

/**
 * Times every command of the program that a compiled function ran last, on the values that it left: parameters are
 * changed by the optimizer's commands as by so many steps.
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
  const times = replay.commands.map((_, i) =>
    median(
      Array.from({ length: repeats }, () => {
        const start = now();
        for (let run = 0; run < BURST; run++) replay.loaded.run(replay.starts[i]!, 1);
        return ((now() - start) * 1000) / BURST;
      }),
    ),
  );
  // Checks that ran after the memory of their values had been used for others.
  takeFault(replay.base);
  const total = times.reduce((sum, time) => sum + time, 0);
  return replay.commands.map((command, i) => ({
    name: commandName(command),
    sizes: commandSizes(command),
    microseconds: times[i]!,
    share: total === 0 ? 0 : times[i]! / total,
    flops: costOf(command).flops,
  }));
}
