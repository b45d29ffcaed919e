/**
 * What a file may ask for while it is read, and while a graph from a file runs: elements of tensors, and other work counted in elements
 * (one stands for four bytes, or for what takes as long as to write them). Storages charge for themselves; whoever makes something else
 * of a file's numbers charges for it before it is made. Outside of `withBudget` nothing is limited.
 */
import { FormatError } from '../../bindings/errors.ts';
import { checkRange } from '../options.ts';

/** What an object of JavaScript costs: a tensor's block besides its elements, a module. */
export const OBJECT_COST = 32;
/** What a number or a reference in a list costs: eight bytes, and longer to write than an element. */
export const ITEM_COST = 4;

/** How much may be made in all; what has been freed meanwhile counts too. */
export interface Limit {
  readonly elements: number;
  readonly op: string;
  /** What the error begins with; "more than … elements" follows. */
  readonly claim: () => string;
  /** What the caller gave, if anything. */
  readonly maxElements: number | undefined;
  /** What a block costs besides its elements. */
  readonly blockCost: number;
}

const NO_LIMIT: Limit = { elements: Infinity, op: '', claim: () => '', maxElements: undefined, blockCost: 0 };

let limit = NO_LIMIT;
/** Elements that may still be made. */
let left = Infinity;

/**
 * The limit for `op`: what the caller gave by `maxElements`, or what follows from the size of the file.
 *
 * @throws ArgumentError where `maxElements` is not a number from 0 on
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
 * Runs `fn`, which may make as much as `given` says.
 *
 * @throws FormatError where it wants more; the message tells the limit, and how to raise it
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

/** As `withBudget`, without a limit: for what the user wrote and a file only calls. */
export function withoutBudget<T>(fn: () => T): T {
  return withBudget(NO_LIMIT, fn);
}

/** What the caller of the present `withBudget` gave. */
export function givenMaxElements(): number | undefined {
  return limit.maxElements;
}

/** Takes so much from the budget, before it is made. */
export function charge(elements: number): void {
  left -= elements;
  if (left >= 0 || limit === NO_LIMIT) return;
  throw tooMuch(limit);
}

/** Takes a block of so many elements from the budget. */
export function chargeBlock(elements: number): void {
  charge(elements + limit.blockCost);
}

/** The error of a limit that has been passed. */
export function tooMuch({ op, claim, elements }: Limit): FormatError {
  return new FormatError(
    `${claim()} more than ${elements} elements, the limit; { maxElements } raises it, for files that you trust`,
    { op, argument: 'maxElements', expected: elements },
  );
}
