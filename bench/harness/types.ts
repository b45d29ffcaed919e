/**
 * The terms of the benchmarks. A suite is a list of tasks; a task is one computation, offered to several contenders; a
 * contender prepares itself once and is then called repeatedly. Times are in milliseconds everywhere.
 */

export type Numbers = ArrayLike<number>;

/** A contender that is ready to be measured. It has exactly one of `run` and `time`. */
export interface Prepared {
  /** One call of the computation. When it returns a promise, the work is done when that resolves. */
  run?: () => unknown;
  /** For work outside this process: does it `reps` times and returns how long that took, measured over there. */
  time?: (reps: number) => Promise<number>;
  /** Called before each batch of calls, outside the measured time: for libraries with one current backend at a time. */
  select?: () => void;
  /** The result, for the task's check. Called once, before anything is timed. Absent: nothing to compare. */
  output?: () => Numbers | Promise<Numbers>;
  dispose?: () => void;
}

export interface Contender {
  name: string;
  /** Floating-point operations of one call, where they differ from the task's. */
  flops?: number;
  /** Returns undefined if this contender cannot do the task in this form and does not take part. */
  setup: () => Prepared | Promise<Prepared> | undefined;
}

export interface Task {
  name: string;
  /** Floating-point operations of one call. */
  flops?: number;
  /** Examples that one call trains on or infers. */
  samples?: number;
  contenders: Contender[];
  /** Describes what is wrong with an output; undefined if nothing is. */
  check?: (output: Numbers) => string | undefined;
}

/** One contender's times in one task. */
export interface Timing {
  name: string;
  /** Median over the rounds. */
  median: number;
  /** One value for each round. */
  rounds: number[];
  flops?: number;
}

export interface TaskResult {
  name: string;
  flops?: number;
  samples?: number;
  timings: Timing[];
  /** Contenders that failed or computed something wrong, with the reason. */
  excluded: Record<string, string>;
}

/** A peer's version, threads and precision, or why it is absent. */
export interface PeerInfo {
  name: string;
  version?: string;
  note?: string;
  absent?: string;
}

export interface SuiteResult {
  suite: string;
  title: string;
  /** Markdown lines: how to read the numbers of this suite. */
  notes: string[];
  node: string;
  v8: string;
  date: string;
  machine: string;
  command: string;
  rounds: number;
  quick: boolean;
  peers: PeerInfo[];
  tasks: TaskResult[];
}

export interface MeasureOptions {
  rounds: number;
  /** Length of one round of one contender. */
  roundMs: number;
  /** Least warm-up of one contender. */
  warmupMs: number;
}

/** The contender that the others are compared with. */
export const SUBJECT = 'saraf';
/** The contender that does nothing but multiply-adds on registers. */
export const PEAK = 'peak loop';
