/** The program in a page: options come by the address, the result goes where the tests look for it. */
import { run } from './program.js';

const { wasm, ...others } = Object.fromEntries(new URLSearchParams(location.search));
const options = wasm === undefined ? others : { wasm: new URL(wasm, location.href), ...others };
globalThis.outcome = run(options).catch((error) => ({ error: String(error?.stack ?? error) }));
