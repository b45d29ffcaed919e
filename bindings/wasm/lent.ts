/**
 * The loader creates a TextDecoder when it is imported, for strings, which the kernels do not have. If the engine lacks TextDecoder, this
 * file lends one on `globalThis`: it is imported before the loader, and `takeBack` is called right after.
 */
import { PlainTextDecoder } from '../host.ts';

const isLent = !('TextDecoder' in globalThis);
if (isLent) Object.defineProperty(globalThis, 'TextDecoder', { value: PlainTextDecoder, configurable: true });

export function takeBack(): void {
  if (isLent) Reflect.deleteProperty(globalThis, 'TextDecoder');
}
