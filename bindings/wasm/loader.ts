/** AssemblyScript's loader, and what its import needs: lent.ts, which comes first. */
// biome-ignore-all assist/source/organizeImports: see above
import { takeBack } from './lent.ts';
import { instantiateSync } from '@assemblyscript/loader';

takeBack();

/** The exports of an instance of the module in this memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  return instantiateSync(module, { env: { memory } }).instance.exports;
}
