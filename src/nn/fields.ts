/**
 * Fields that hold a parameter or buffer are accessors: assigning anything else, which would silently lose the tensor, is an error where it
 * happens. Fields that hold modules need no accessor: any other value in one fails at its first call.
 */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { nameOf } from '../options.ts';

/** What a watched field holds. */
export type Kind = 'parameter' | 'buffer';

const EXPECTED: Record<Kind, string> = {
  parameter: 'nn.Parameter or null expected; copy_ inside noGrad writes into the old one',
  buffer: 'nn.Buffer or null expected; copy_ writes into the old one',
};

/** A field's accessor, and the symbol under which the object keeps the value. */
interface Watched {
  accessor: PropertyDescriptor;
  place: symbol;
}

/**
 * Makes the function that watches a field of an object from then on.
 *
 * @param isRegistered whether a value may be in a watched field
 */
export function fieldWatcher(
  isRegistered: (value: unknown) => boolean,
): (owner: object, name: string, kind: Kind) => void {
  // One accessor for each name and kind, so that JavaScript engines see all layers of a class as alike.
  const watched = new Map<string, Watched>();
  const watchedAs = (name: string, kind: Kind): Watched => {
    const place = Symbol(name);
    const set = function (this: Record<symbol, unknown>, value: unknown) {
      if (value !== null && value !== undefined && !isRegistered(value)) {
        const op = this.constructor.name;
        refuse(ArgumentError, op, `cannot assign ${nameOf(value)} as ${kind} '${name}' (${EXPECTED[kind]})`, {
          argument: name,
          got: value,
          expected: kind,
        });
      }
      this[place] = value;
    };
    const get = function (this: Record<symbol, unknown>) {
      return this[place];
    };
    return { place, accessor: { get, set, enumerable: true, configurable: true } };
  };
  return (owner, name, kind) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    if (before !== undefined && (!before.configurable || before.get !== undefined)) return;
    const key = `${kind} ${name}`;
    const field = watched.get(key) ?? watchedAs(name, kind);
    watched.set(key, field);
    Object.defineProperty(owner, field.place, { value: before?.value, writable: true, configurable: true });
    Object.defineProperty(owner, name, field.accessor);
  };
}
