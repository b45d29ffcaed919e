/** How numbers and comparisons are written, on the terminal and on the page alike. */
import { PEAK, SUBJECT, type TaskResult, type Timing } from './types.ts';

/** Three digits, two below a tenth. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

export function duration(ms: number): string {
  if (ms >= 1000) return `${digits(ms / 1000)} s`;
  if (ms >= 1) return `${digits(ms)} ms`;
  return ms >= 1e-3 ? `${digits(ms * 1e3)} µs` : `${digits(ms * 1e6)} ns`;
}

/** Billions of floating-point operations a second. */
function gflops({ flops, median }: Timing): number | undefined {
  return flops === undefined ? undefined : flops / median / 1e6;
}

export function speed(timing: Timing): string {
  const value = gflops(timing);
  return value === undefined ? '' : digits(value);
}

export const find = (task: TaskResult, name: string): Timing | undefined =>
  task.timings.find((timing) => timing.name === name);

export const peakOf = (task: TaskResult): Timing | undefined => find(task, PEAK);
export const subjectOf = (task: TaskResult): Timing | undefined => find(task, SUBJECT);

export const majorOf = (version: string): string => version.replace(/\..*/, '');

/** The share of the peak loop measured in the same task. */
export function share(timing: Timing, task: TaskResult): string {
  const peak = peakOf(task);
  const [own, most] = [gflops(timing), peak && gflops(peak)];
  return own === undefined || most === undefined ? '' : `${Math.round((100 * own) / most)} %`;
}

/** This contender's time divided by saraf's, in the same run. */
export function ratio(timing: Timing, task: TaskResult): string {
  const subject = subjectOf(task);
  return subject === undefined ? '' : `${digits(timing.median / subject.median)}×`;
}

/** Half the interquartile range of the rounds, divided by the median. */
export function spreadOf({ rounds, median }: Timing): number {
  const sorted = [...rounds].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.round(q * (sorted.length - 1))]!;
  return (at(0.75) - at(0.25)) / 2 / median;
}

export const spread = (timing: Timing): string => `±${Math.round(100 * spreadOf(timing))} %`;
