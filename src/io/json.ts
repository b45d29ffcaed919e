/** JSON: checks before and after `JSON.parse`, and the numbers that JSON lacks. */
import { charge, ITEM_COST } from '../tensor/budget.ts';

/** Whether this is an object, and not a list or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether this is a whole number ≥ 0. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The cost of an empty list or object. */
const CONTAINER_COST = 16;

/**
 * Scans a JSON text before it is parsed: charges for the lists, objects and values in it, so that a text of brackets does not become a
 * hundred times its size, and gives the keys of the outermost object, repeated ones included. What is not JSON is left to `JSON.parse`.
 *
 * @throws SyntaxError if lists and objects are nested deeper than `maxDepth`
 */
export function outline(text: string, maxDepth: number): string[] {
  const keys: string[] = [];
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      while (++at < text.length && text[at] !== '"') if (text[at] === '\\') at++;
      if (depth === 1 && isKey) keys.push(JSON.parse(text.slice(start, at + 1)) as string);
      isKey = false;
    } else if (character === '{' || character === '[') {
      charge(CONTAINER_COST);
      if (++depth > maxDepth) throw new SyntaxError(`nested deeper than ${maxDepth}`);
      isKey = character === '{';
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === ',') {
      charge(ITEM_COST);
      isKey = true;
    }
  }
  return keys;
}

/** Name of the field that holds NaN, ±Infinity or −0 as text. */
const NUMBER = '$number';

/** JSON in which numbers that it lacks are kept as texts. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, x: unknown) => {
    if (typeof x !== 'number' || (Number.isFinite(x) && !Object.is(x, -0))) return x;
    return { [NUMBER]: Object.is(x, -0) ? '-0' : String(x) };
  });
}

/** The deepest nesting of lists and objects in what `stringify` wrote. */
const MAX_DEPTH = 4096;

/** The opposite of `stringify`. A key that would change an object's prototype when it is copied is refused. */
export function parse(text: string): unknown {
  outline(text, MAX_DEPTH);
  return JSON.parse(text, (key, x: unknown) => {
    if (key === '__proto__') throw new SyntaxError('__proto__ is not a name');
    return isObject(x) && Object.hasOwn(x, NUMBER) ? Number(x[NUMBER]) : x;
  });
}
