/**
 * The loader makes a TextDecoder as it is imported, for strings that the kernels do not have. Where the engine has none, one is lent to it
 * on `globalThis`: this file is imported before the loader, and `takeBack` is called right after.
 */
import { PlainTextDecoder } from '../host.ts';

const isLent = !('TextDecoder' in globalThis);
if (isLent) Object.defineProperty(globalThis, 'TextDecoder', { value: PlainTextDecoder, configurable: true });

export function takeBack(): void {
  if (isLent) Reflect.deleteProperty(globalThis, 'TextDecoder');
}
