/** AssemblyScript's loader. It needs a TextDecoder as it is imported, which `host` gives to engines without one: that comes first. */
// biome-ignore-all assist/source/organizeImports: see above
import { host } from '../host.ts';
import { instantiateSync } from '@assemblyscript/loader';

export { host, instantiateSync };
