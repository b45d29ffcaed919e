/**
 * What a file may ask for while it is read, and while a graph from a file runs: elements of tensors, and other work counted in elements
 * (one is four bytes, or what takes as long as writing them). Storages charge for themselves; code that makes anything else from a file's
 * numbers charges for it first. Outside `withBudget` nothing is limited.
 */
import { FormatError } from '../../bindings/errors.ts';
import { checkRange } from '../options.ts';

/** What a JavaScript object costs: a module, or a tensor's block in addition to its elements. */
export const OBJECT_COST = 32;
/** What a number or a reference in a list costs: it takes eight bytes, and longer to write than an element. */
export const ITEM_COST = 4;

/** How much may be made in all, including what has been freed in the meantime. */
export interface Limit {
  readonly elements: number;
  readonly op: string;
  /** The beginning of the error, before "more than … elements". */
  readonly claim: () => string;
  /** What the caller gave, if anything. */
  readonly maxElements: number | undefined;
  /** What a block costs in addition to its elements. */
  readonly blockCost: number;
}

const NO_LIMIT: Limit = { elements: Infinity, op: '', claim: () => '', maxElements: undefined, blockCost: 0 };

let limit = NO_LIMIT;
/** Elements that may still be made. */
let left = Infinity;

/**
 * The limit for `op`: the caller's `maxElements`, or what follows from the size of the file.
 *
 * @throws ArgumentError if `maxElements` is not a number of at least 0
 */
export function limitOf(
  op: string,
  maxElements: number | undefined,
  elements: number,
  claim: () => string = () => `${op}: the file asks for`,
): Limit {
  if (maxElements !== undefined) checkRange(op, 'maxElements', maxElements, 0);
  return { op, claim, maxElements, elements: maxElements ?? elements, blockCost: OBJECT_COST };
}

/**
 * Runs `fn`, which may make as much as `given` allows.
 *
 * @throws FormatError if it wants more; the message says what the limit is, and how to raise it
 */
export function withBudget<T>(given: Limit, fn: () => T): T {
  const [limitBefore, leftBefore] = [limit, left];
  [limit, left] = [given, given.elements];
  try {
    return fn();
  } finally {
    [limit, left] = [limitBefore, leftBefore];
  }
}

/** Like `withBudget`, without a limit: for the user's own code, which a file only calls. */
export function withoutBudget<T>(fn: () => T): T {
  return withBudget(NO_LIMIT, fn);
}

/** The `maxElements` of the current `withBudget`. */
export function givenMaxElements(): number | undefined {
  return limit.maxElements;
}

/** Takes this many elements from the budget, before they are made. */
export function charge(elements: number): void {
  left -= elements;
  if (left >= 0 || limit === NO_LIMIT) return;
  throw tooMuch(limit);
}

/** Takes a block of this many elements from the budget. */
export function chargeBlock(elements: number): void {
  charge(elements + limit.blockCost);
}

/** The error for a limit that has been passed. */
export function tooMuch({ op, claim, elements }: Limit): FormatError {
  return new FormatError(
    `${claim()} more than ${elements} elements, the limit; { maxElements } raises it, for files that you trust`,
    { op, argument: 'maxElements', expected: elements },
  );
}
