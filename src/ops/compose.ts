/** Operations that are made of others. */
import { closeScope, openScope } from '../tensor/scope.ts';

/** Runs `fn` and disposes all that it made, except its result. */
export function compose<T>(fn: () => T): T {
  const scope = openScope();
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    closeScope(scope, result);
  }
}
