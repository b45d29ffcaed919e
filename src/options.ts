/** Option objects: a misspelt name is an error that lists the right ones. */
import { ArgumentError, refuse } from '../bindings/errors.ts';

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

/** Whether these are the arguments of a callback of Array.prototype.map: (value, index, array). */
function isMapCall(args: ArrayLike<unknown>): boolean {
  const [value, index, list] = [args[0], args[1] as number, args[2]];
  return args.length === 3 && Array.isArray(list) && Number.isInteger(index) && list[index] === value;
}

/**
 * Refuses what was given beyond the `most` arguments that an operation takes. Written `if (arguments.length > 2) noMore('sub', 2, arguments)`:
 * engines make no object of `arguments` for a comparison of its length.
 */
export function noMore(op: string, most: number, args: ArrayLike<unknown>): void {
  const called = isMapCall(args);
  // `tensors.map(relu)` can mean one thing only; where there is a second argument, the index would be taken for it.
  if (called && most === 1) return;
  // Undefined says nothing: wrappers hand on what they were not given.
  if (Array.from(args).every((value, i) => i < most || value === undefined)) return;
  const takes = most === 0 ? 'no arguments' : most === 1 ? '1 argument' : `at most ${most} arguments`;
  const last = args[args.length - 1];
  const hint = called
    ? ` (map gives an index and the array too: write (x) => ${op}(x))`
    : typeof last === 'object' && last !== null && !Array.isArray(last) && !('toArray' in last)
      ? ` (it has no options ${Object.keys(last).join(', ')} there)`
      : typeof last !== 'object' && most > 1
        ? ' (what is optional is given by name, in one object: { name: value })'
        : '';
  refuse(ArgumentError, op, `takes ${takes}, got ${args.length}${hint}`, {
    argument: `argument ${most + 1}`,
    got: args[most],
    expected: most,
  });
}

/** An option that may have any value of its type. */
export const VALUE = 0;
/** An option that is true or false. A text such as 'false' would be taken for true. */
export const FLAG = 1;
/** An option for which null means something. */
export const NULLABLE = 2;

type KindOf<T> = [T] extends [boolean] ? typeof FLAG : null extends T ? typeof NULLABLE : typeof VALUE;

/** Every option of T with its kind. What T does not have, lacks here or has another kind does not compile. */
export type OptionKinds<T> = { readonly [K in keyof T]-?: KindOf<Exclude<T[K], undefined>> };

/** The kinds of options that have defaults, by those: null means something where it is the default. */
export function kindsOf<T extends object>(defaults: Required<T>): OptionKinds<T> {
  const kinds = Object.entries(defaults).map(([name, value]) => [
    name,
    value === null ? NULLABLE : typeof value === 'boolean' ? FLAG : VALUE,
  ]);
  return Object.fromEntries(kinds);
}

/** Refuses options that the operation does not know, null except for the `NULLABLE` ones (what is left out is undefined), and flags that are not booleans. */
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

/** Refuses what is not one of the names: 'none', 'mean' or 'sum'. Names that every object has, such as 'constructor', are not among them. */
export function checkOneOf<T extends string | null>(
  op: string,
  argument: string,
  value: unknown,
  names: readonly T[],
): asserts value is T {
  if (names.includes(value as T)) return;
  const quoted = names.map((name) => (name === null ? 'null' : `'${name}'`));
  const last = quoted.pop()!;
  const expected = quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
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

/** Refuses what is no number, NaN and infinite ones too. */
export function checkFinite(op: string, argument: string, value: unknown): asserts value is number {
  if (!Number.isFinite(value)) {
    refuse(ArgumentError, op, `${argument} must be a finite number, got ${shown(value)}`, { argument, got: value });
  }
}

/** Refuses what is not a whole number from `low` to `high`. */
export function checkWhole(op: string, argument: string, value: number, low = 0, high = Infinity): void {
  if (!(Number.isInteger(value) && value >= low && value <= high)) {
    const range = high === Infinity ? `from ${low} on` : `from ${low} to ${high}`;
    refuse(ArgumentError, op, `${argument} must be a whole number ${range}, got ${shown(value)}`, {
      argument,
      got: value,
    });
  }
}
