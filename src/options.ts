/** Checks of arguments and of option objects, in which a misspelt name is an error that lists the right ones. */
import { ArgumentError, refuse } from '../bindings/errors.ts';

/** Levels of arrays that errors show. */
const SHOWN_LEVELS = 6;

/** How errors show a value: a string of digits in quotation marks, so that nobody takes "3" for 3. */
export function shown(value: unknown): string {
  return shownTo(SHOWN_LEVELS, value);
}

function shownTo(levels: number, value: unknown): string {
  if (typeof value === 'string') return Number.isNaN(Number(value)) ? value : JSON.stringify(value);
  if (Array.isArray(value))
    return levels === 0 ? '[…]' : `[${value.map((part) => shownTo(levels - 1, part)).join(', ')}]`;
  return typeof value === 'object' && value !== null && !('toArray' in value) ? nameOf(value) : String(value);
}

/** How errors name a value that says nothing when it is printed: by its type or its class. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function' && String(value).startsWith('class')) return `the class ${value.name}, without new`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'object').replace('Object', 'object') : typeof value;
}

/** How many names an error lists at most. */
const MOST_LISTED = 50;

/** How errors list names from a file: the first ones, and how many there are in all. */
export function listed(names: readonly string[]): string {
  if (names.length <= MOST_LISTED) return names.join(', ');
  return `${names.slice(0, MOST_LISTED).join(', ')}, … (${names.length} in all)`;
}

/** Whether these are the arguments of a callback of Array.prototype.map: (value, index, array). */
function isMapCall(args: ArrayLike<unknown>): boolean {
  const [value, index, list] = Array.from(args);
  return args.length === 3 && Array.isArray(list) && typeof index === 'number' && list[index] === value;
}

/**
 * Refuses more than the `most` arguments that an operation takes. Written as `if (arguments.length > 2) noMore('sub', 2, arguments)`,
 * because engines do not build the `arguments` object just to compare its length.
 */
export function noMore(op: string, most: number, args: ArrayLike<unknown>): void {
  const called = isMapCall(args);
  // `tensors.map(relu)` has only one meaning, but an operation with a second argument would take the index for it.
  if (called && most === 1) return;
  // Undefined does not count: wrappers pass on arguments that they were not given.
  if (Array.from(args).every((value, i) => i < most || value === undefined)) return;
  const takes = most === 0 ? 'no arguments' : most === 1 ? '1 argument' : `at most ${most} arguments`;
  const last = args[args.length - 1];
  const hint = called
    ? ` (map also passes the index and the array: write (x) => ${op}(x))`
    : typeof last === 'object' && last !== null && !Array.isArray(last) && !('toArray' in last)
      ? ` (it has no options ${Object.keys(last).join(', ')} there)`
      : typeof last !== 'object' && most > 1
        ? ' (optional arguments are given by name, in one object: { name: value })'
        : '';
  refuse(ArgumentError, op, `takes ${takes}, got ${args.length}${hint}`, {
    argument: `argument ${most + 1}`,
    got: args[most],
    expected: most,
  });
}

/** An option that may have any value of its type. */
export const VALUE = 0;
/** An option that is true or false. A string such as 'false' would count as true. */
export const FLAG = 1;
/** An option for which null means something. */
export const NULLABLE = 2;

type KindOf<T> = [T] extends [boolean] ? typeof FLAG : null extends T ? typeof NULLABLE : typeof VALUE;

/** The kind of every option of T. A surplus name, a missing name or a wrong kind does not compile. */
export type OptionKinds<T> = { readonly [K in keyof T]-?: KindOf<Exclude<T[K], undefined>> };

/** The kinds of options, derived from their defaults: null means something where it is the default. */
export function kindsOf<T extends object>(defaults: Required<T>): OptionKinds<T> {
  const kinds = Object.entries(defaults).map(([name, value]) => [
    name,
    value === null ? NULLABLE : typeof value === 'boolean' ? FLAG : VALUE,
  ]);
  return Object.fromEntries(kinds);
}

/** Refuses unknown options, flags that are not booleans, and null unless the option is `NULLABLE` (an option that is left out is undefined). */
export function checkOptions<T extends object>(op: string, options: T, kinds: OptionKinds<NoInfer<T>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const value = typeof options === 'object' || options === undefined ? '…' : shown(options);
    const got = Array.isArray(options) ? `an array; in map write (x) => ${op}(x)` : shown(options);
    refuse(ArgumentError, op, `options must be an object such as { ${Object.keys(kinds)[0]}: ${value} }, got ${got}`, {
      argument: 'options',
      got: options,
    });
  }
  for (const [argument, got] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, argument)) {
      const expected = Object.keys(kinds);
      refuse(ArgumentError, op, `unknown option ${argument} (known: ${expected.join(', ')})`, { argument, expected });
    }
    const kind = kinds[argument as keyof T];
    if (got === null && kind !== NULLABLE)
      refuse(ArgumentError, op, `${argument} must not be null; leave it out for its default`, { argument, got });
    if (got !== undefined && kind === FLAG && typeof got !== 'boolean')
      refuse(ArgumentError, op, `${argument} must be true or false, got ${shown(got)}`, {
        argument,
        got,
        expected: 'boolean',
      });
  }
}

/** Refuses a value that is not one of the names, such as 'none', 'mean' and 'sum'. Names that every object has, such as 'constructor', are refused too. */
export function checkOneOf<T extends string | null>(
  op: string,
  argument: string,
  value: unknown,
  names: readonly T[],
): asserts value is T {
  if (names.some((name) => name === value)) return;
  const quoted = names.map((name) => (name === null ? 'null' : `'${name}'`));
  const others = quoted.slice(0, -1).join(', ');
  const expected = `${others}${others === '' ? '' : ' or '}${quoted.at(-1)}`;
  refuse(ArgumentError, op, `${argument} must be ${expected}, got ${shown(value)}`, {
    argument,
    got: value,
    expected: names,
  });
}

/** Refuses a number outside low … high. */
export function checkRange(op: string, argument: string, value: number, low: number, high = Infinity): void {
  if (!(typeof value === 'number' && value >= low && value <= high)) {
    const expected = high === Infinity ? `at least ${low}` : `between ${low} and ${high}`;
    refuse(ArgumentError, op, `${argument} must be ${expected}, got ${shown(value)}`, {
      argument,
      got: value,
      expected,
    });
  }
}

/** Refuses a value that is not a number, and also NaN and the infinities. */
export function checkFinite(op: string, argument: string, value: unknown): asserts value is number {
  if (!Number.isFinite(value)) {
    refuse(ArgumentError, op, `${argument} must be a finite number, got ${shown(value)}`, { argument, got: value });
  }
}

/** Refuses a value that is not a whole number from `low` to `high`. */
export function checkWhole(op: string, argument: string, value: number, low = 0, high = Infinity): void {
  if (!(Number.isInteger(value) && value >= low && value <= high)) {
    const range = high === Infinity ? `of at least ${low}` : `from ${low} to ${high}`;
    refuse(ArgumentError, op, `${argument} must be a whole number ${range}, got ${shown(value)}`, {
      argument,
      got: value,
    });
  }
}
