/** Option objects: a misspelt name is an error that lists the right ones. */
import { ArgumentError } from '../bindings/errors.ts';

/** Levels of arrays that errors show. */
const SHOWN_LEVELS = 6;

/** How errors show what came: texts of digits in quotation marks, so that nobody takes "3" for 3. */
export function shown(value: unknown): string {
  return shownTo(SHOWN_LEVELS, value);
}

function shownTo(levels: number, value: unknown): string {
  if (typeof value === 'string') return Number.isNaN(Number(value)) ? value : JSON.stringify(value);
  if (Array.isArray(value))
    return levels === 0 ? '[…]' : `[${value.map((part) => shownTo(levels - 1, part)).join(', ')}]`;
  return typeof value === 'object' && value !== null && !('toArray' in value) ? nameOf(value) : String(value);
}

/** What came, where its value tells nothing: its type, or its class. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function' && String(value).startsWith('class')) return `the class ${value.name}, without new`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'object').replace('Object', 'object') : typeof value;
}

/** Most names that an error lists. */
const MOST_LISTED = 50;

/** Names from a file in an error: the first of them, and how many there are. */
export function listed(names: readonly string[]): string {
  if (names.length <= MOST_LISTED) return names.join(', ');
  return `${names.slice(0, MOST_LISTED).join(', ')}, … (${names.length} in all)`;
}

/** Refuses options that the operation does not know. */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(`${op}: options must be an object such as { ${known[0]}: … }, got ${shown(options)}`, {
      op,
      argument: 'options',
      got: options,
    });
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new ArgumentError(`${op}: unknown option ${name} (known: ${known.join(', ')})`, {
        op,
        argument: name,
        expected: known,
      });
    }
  }
}

/** Refuses a number outside low … high. */
export function checkRange(op: string, argument: string, value: number, low: number, high = Infinity): void {
  if (!(typeof value === 'number' && value >= low && value <= high)) {
    const expected = high === Infinity ? `at least ${low}` : `between ${low} and ${high}`;
    throw new ArgumentError(`${op}: ${argument} must be ${expected}, got ${shown(value)}`, {
      op,
      argument,
      got: value,
      expected,
    });
  }
}

/** Refuses what is no number, NaN and infinite ones too. */
export function checkFinite(op: string, argument: string, value: unknown): asserts value is number {
  if (!Number.isFinite(value)) {
    throw new ArgumentError(`${op}: ${argument} must be a finite number, got ${shown(value)}`, {
      op,
      argument,
      got: value,
    });
  }
}

/** Refuses what is no whole number from `low` on. */
export function checkWhole(op: string, argument: string, value: number, low = 0): void {
  if (!(Number.isInteger(value) && value >= low)) {
    throw new ArgumentError(`${op}: ${argument} must be a whole number from ${low} on, got ${shown(value)}`, {
      op,
      argument,
      got: value,
    });
  }
}
