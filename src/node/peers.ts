/** Packages that only some users need, and install themselves. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';

/**
 * The module that `load` imports.
 *
 * @throws ArgumentError that tells how to install the package if it is missing
 */
export async function peer<T>(op: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    refuse(ArgumentError, op, `the npm package ${name} is not installed (npm install ${name})`, { expected: name });
  }
}
