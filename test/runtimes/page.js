/** The program in a page: options come by the address, the result goes where the tests look for it. */
import { run } from './program.js';

const options = Object.fromEntries(new URLSearchParams(location.search));
globalThis.outcome = run(options).catch((error) => ({ error: String(error?.stack ?? error) }));
