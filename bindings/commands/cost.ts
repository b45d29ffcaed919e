/**
 * How rows of the command table say what a command costs. Three parts use it: threads, which share a command that is worth it;
 * `device: 'auto'`, which chooses between CPU and GPU; and the listing of a program. The build makes a function for threads
 * (assembly/generated/cost.ts) and one for the others (src/program/generated/cost.ts) from the rows.
 *
 * Work is measured in elements of a simple loop in cache, about 0.15 ns each; the factors are rounded measurements.
 */

/** A matrix product [m, k] · [k, n], `batch` times at once, `count` times one after the other. */
export interface Product<T> {
  m: T;
  n: T;
  k: T;
  /** Default 1. */
  batch?: T;
  /** Default 1. */
  count?: T;
}

/** What a command costs. */
export interface CommandCost<T> {
  /** Elements that are processed besides products. Default 0. */
  elements?: T;
  /** Work besides products. As many as there are elements by default. */
  work?: T;
  products?: Product<T>[];
  /** Floating-point operations besides products, as they are usually counted. Default 0. */
  flops?: T;
  /** Dispatches on a GPU besides products. Default 1 where there are elements, else 0. */
  launches?: T;
  /** What a GPU sorts for it: this many elements, in rows of that length. */
  sorted?: { elements: T; length: T };
}

/**
 * Expressions over the command's fields that mean the same in AssemblyScript, where they are u64, and in TypeScript. Besides fields
 * they may name `points`, the product of `shape`'s first `ndim` sizes; `elements`, as given here; codes such as
 * `BinaryFn.pow`; and `isLong`, whether a function of one element is a polynomial.
 */
export interface CostRow extends CommandCost<string> {
  /** Work by which threads share the command. Default: its work, and a quarter of the multiply-adds of its products. */
  shared?: string;
}

/** The costs of a family's commands. */
export type Costs<Rows> = Record<keyof Rows, CostRow>;
