/** What kernels refuse before anything is copied or run: surplus arguments, unknown options, and wrong values. */
import { ArgumentError, refuse, ShapeError } from '../errors.ts';
import { typedArrayName } from '../realm.ts';

/** Sizes, offsets and products of sizes are int32 in the kernels. */
const LIMIT = 2 ** 31;

/** How errors show a value: as it is, or by its class where that tells more; "3" is not 3. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return Number.isNaN(Number(value)) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null)
    return typedArrayName(value) ?? (value.constructor?.name ?? 'object').replace('Object', 'object');
  return typeof value === 'function' ? 'a function' : String(value);
}

/**
 * Refuses arguments beyond the first: `if (arguments.length > 1) noMore('relu', arguments)`, which creates no `arguments` object in engines.
 * The index and the array that `map` and `forEach` pass are allowed: `arrays.forEach(free)`.
 */
export function noMore(op: string, args: ArrayLike<unknown>): void {
  const [value, index, list] = [args[0], args[1], args[2]];
  if (args.length === 3 && Array.isArray(list) && list[index as number] === value) return;
  refuse(ArgumentError, op, `takes 1 argument, got ${args.length}`, {
    argument: 'argument 2',
    got: args[1],
    expected: 1,
  });
}

/** Names of options, separated by spaces. */
export function namesOf(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/**
 * Whether there are exactly as many options as a kernel needs. Then no name has to be checked, because a missing one is refused
 * anyway. Checking names would slow small calls down.
 */
export function hasOnly(options: object, needed: number): boolean {
  return Object.keys(options ?? {}).length === needed;
}

/** Refuses what is not an object of options, and options that a kernel does not know: a misspelt one would be ignored silently. */
export function checkNames(op: string, options: object, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const first = [...known].slice(0, 3).join(', ');
    refuse(
      ArgumentError,
      op,
      `expected one object, { ${first}${known.size > 3 ? ', …' : ''} }, got ${shown(options)}`,
      { got: options },
    );
  }
  for (const name in options) {
    if (!known.has(name))
      refuse(ArgumentError, op, `unknown option ${name} (known: ${[...known].join(', ')})`, {
        argument: name,
        expected: [...known],
      });
  }
}

/** Refuses a size that is not a whole number of at least `low`, or too large for the kernels. */
export function checkSize(op: string, name: string, value: number, low = 0): void {
  if (!(Number.isInteger(value) && value >= low))
    refuse(ArgumentError, op, `${name} must be a whole number of at least ${low}, got ${shown(value)}`, {
      argument: name,
      got: value,
      expected: `a whole number of at least ${low}`,
    });
  if (value >= LIMIT)
    refuse(ArgumentError, op, `${name} must be a whole number from ${low} to ${LIMIT - 1}, got ${shown(value)}`, {
      argument: name,
      got: value,
      expected: `a whole number from ${low} to ${LIMIT - 1}`,
    });
}

/** Refuses sizes whose product is too large for the kernels, even where each of them fits. */
export function checkProduct(op: string, argument: string, what: string, sizes: readonly number[]): void {
  const product = sizes.reduce((all, size) => all * size, 1);
  if (product >= LIMIT)
    refuse(
      ShapeError,
      op,
      `${what}, ${sizes.join(' × ')}, has ${product} elements, at most ${LIMIT - 1} are possible`,
      { argument, got: product, expected: LIMIT - 1 },
    );
}

/** Refuses what is not a number. */
export function checkNumber(op: string, name: string, value: number): void {
  if (typeof value !== 'number')
    refuse(ArgumentError, op, `${name} must be a number, got ${value === null ? 'null' : typeof value}`, {
      argument: name,
      got: value,
      expected: 'a number',
    });
}

/** Refuses anything except true and false: a string such as 'false' would count as true. */
export function checkFlag(op: string, name: string, value: boolean): void {
  if (typeof value !== 'boolean')
    refuse(ArgumentError, op, `${name} must be true or false, got ${shown(value)}`, {
      argument: name,
      got: value,
      expected: 'true or false',
    });
}
