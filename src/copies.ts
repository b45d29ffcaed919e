/**
 * Two copies of saraf in one process (two versions in node_modules, or its files imported once and bundled once) do not know each
 * other's classes, so one copy would find no parameters in a layer of the other. Objects that users pass on carry a mark, so that the
 * wrong copy can refuse them and say why.
 */
import { ArgumentError } from '../bindings/errors.ts';
import { VERSION } from './generated/version.ts';

/** The symbol, shared by all copies, under which tensors, modules, optimizers and the like say which copy they belong to. */
const COPY: unique symbol = Symbol.for('saraf.copy');

/** This copy. Any other copy is another object, even if its version is the same. */
const thisCopy = { version: VERSION };

/** The base class of all objects that users pass on. */
export class Marked {
  /** @internal */
  get [COPY](): typeof thisCopy {
    return thisCopy;
  }
}

/** Refuses an object made by another copy of saraf; gives false for everything else. */
export function refuseOtherCopy(value: unknown): false {
  if (typeof value !== 'object' || value === null) return false;
  const copy = (value as { [COPY]?: typeof thisCopy })[COPY];
  if (copy === undefined || copy === thisCopy) return false;
  throw new ArgumentError(
    `a ${value.constructor.name} of saraf ${copy.version} was given to another copy, saraf ${VERSION}: both are loaded, and they cannot share tensors and modules. Load one only: npm ls saraf lists the copies, npm dedupe merges them; import saraf in one way (import or require, one bundle)`,
    { got: copy.version, expected: VERSION },
  );
}

/** Whether a value is an instance of one of saraf's classes. An instance made by another copy is refused. */
export function isInstance<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  return value instanceof kind || refuseOtherCopy(value);
}
