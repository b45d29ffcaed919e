/** `memoryLimitMiB` of `init`, and what to say where memory is full. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';

export const MIB = 2 ** 20;
const MOST_MIB = 4096;

export const NO_ROOM = 'only what this operation or program uses, and arrays of saraf/kernels, cannot make room';
export const NO_ROOM_ON_GPU =
  'on webgpu none of them can make room at once: an await in every iteration, such as await loss.data(), lets the garbage collector free what was dropped; scope(() => …) and dispose() free it at once';

/** Refuses a limit that is not a size, or is below what is to be reserved. */
export function checkLimit(limit: number | undefined, reserved: number | undefined): void {
  if (limit === undefined) return;
  const least = reserved ?? 1;
  if (typeof limit === 'number' && limit >= least && limit <= MOST_MIB) return;
  const what = reserved === undefined ? '1' : `memoryMiB, ${reserved},`;
  refuse(
    ArgumentError,
    'init',
    `memoryLimitMiB must be at least ${what} and at most ${MOST_MIB}, got ${String(limit)}`,
    {
      argument: 'memoryLimitMiB',
      got: limit,
    },
  );
}
