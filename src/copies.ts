/**
 * Two copies of saraf in one process (two versions in node_modules, or its files once imported and once bundled) do not know each
 * other's classes, so a layer of one has no parameters for the other. What users pass on carries a mark, by which it is refused by name.
 */
import { ArgumentError } from '../bindings/errors.ts';
import { VERSION } from './generated/version.ts';

/** Under this symbol, which all copies share, tensors, modules, optimizers and the like tell which copy they belong to. */
const COPY: unique symbol = Symbol.for('saraf.copy');

/** This copy. Another one is another object, of the same version too. */
const thisCopy = { version: VERSION };

/** The base of what users pass on. */
export class Marked {
  /** @internal */
  get [COPY](): typeof thisCopy {
    return thisCopy;
  }
}

/** Refuses what another copy of saraf has made; false for all else. */
export function refuseOtherCopy(value: unknown): false {
  if (typeof value !== 'object' || value === null) return false;
  const copy = (value as { [COPY]?: typeof thisCopy })[COPY];
  if (copy === undefined || copy === thisCopy) return false;
  throw new ArgumentError(
    `a ${value.constructor.name} of saraf ${copy.version} was given to another copy, saraf ${VERSION}: both are loaded, and they cannot share tensors and modules. Load one only: npm ls saraf lists the copies, npm dedupe merges them; import saraf in one way (import or require, one bundle)`,
    { got: copy.version, expected: VERSION },
  );
}

/** Whether it is an instance of one of saraf's classes. One of another copy is refused. */
export function isInstance<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  return value instanceof kind || refuseOtherCopy(value);
}
