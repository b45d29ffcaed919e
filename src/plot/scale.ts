/** From numbers to places: domains, ticks at round numbers, and how they are written. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';

export interface Scale {
  low: number;
  high: number;
  log: boolean;
  ticks: number[];
  /** How a tick is written. */
  format: (value: number) => string;
  /** 0 at `low`, 1 at `high`. */
  share: (value: number) => number;
}

/** The least and the greatest finite number. There must be one; without any they are Infinity and −Infinity. */
export function rangeOf(values: Iterable<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** A domain that is not empty, with room at both ends. */
export function widened([low, high]: readonly [number, number], share = 0): [number, number] {
  if (low === high) {
    const half = Math.abs(low) * 0.1 || 0.5;
    return [low - half, high + half];
  }
  const room = (high - low) * share;
  return [low - room, high + room];
}

/** A step of 1, 2 or 5 times a power of ten that divides a length into about `count` parts. */
function niceStep(length: number, count: number): number {
  const rough = length / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const rest = rough / power;
  return power * (rest > 7 ? 10 : rest > 3 ? 5 : rest > 1.4 ? 2 : 1);
}

const minus = (text: string): string => text.replace('-', '−');

function linearTicks(low: number, high: number, count: number): Pick<Scale, 'ticks' | 'format'> {
  const step = niceStep(high - low, count);
  const ticks: number[] = [];
  // A tick at the very end counts even if the division is not exact.
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i++)
    ticks.push(Number((i * step).toPrecision(12)));
  const most = Math.max(Math.abs(low), Math.abs(high));
  const digits = -Math.floor(Math.log10(step) + 1e-9);
  const isPlain = most < 1e6 && digits <= 4;
  const format = (value: number) =>
    minus(
      isPlain || value === 0
        ? value.toFixed(isPlain ? Math.max(0, digits) : 0)
        : value.toExponential(Math.min(20, Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) + digits))),
    );
  return { ticks, format };
}

/** Powers of ten; if these are few, also twice and five times them. */
function logTicks(low: number, high: number): Pick<Scale, 'ticks' | 'format'> | null {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const every = Math.ceil((last - first) / 8);
  const ticks: number[] = [];
  for (let power = first; power <= last; power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) {
      const value = Number(`${factor}e${power}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push(value);
    }
  }
  const format = (value: number) =>
    minus(value >= 1e-3 && value < 1e5 ? String(value) : value.toExponential().replace('e+', 'e'));
  return ticks.length < 2 ? null : { ticks, format };
}

/** A scale over a domain. */
export function scaleOf(low: number, high: number, count: number, log = false): Scale {
  if (!Number.isFinite(high - low)) {
    refuse(ArgumentError, 'plot', `numbers from ${low} to ${high} are too far apart to draw`, { got: high });
  }
  const written = (log ? logTicks(low, high) : null) ?? linearTicks(low, high, count);
  const to = log ? Math.log10 : (value: number) => value;
  return { low, high, log, ...written, share: (value) => (to(value) - to(low)) / (to(high) - to(low)) };
}
