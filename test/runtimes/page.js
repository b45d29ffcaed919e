/** The program in a page: options come from the address, and the result is put where the tests look for it. */
import { tensor } from 'saraf';
import { run } from './program.js';

const { wasm, early, ...others } = Object.fromEntries(new URLSearchParams(location.search));
const options = wasm === undefined ? others : { wasm: new URL(wasm, location.href), ...others };

/** Without WebAssembly, calls before init are refused, and the error says what to do. */
function checkRefusal() {
  try {
    tensor([1]);
  } catch (error) {
    if (error.name === 'DeviceError' && error.message.includes('call await init() once first')) return;
    throw error;
  }
  throw new Error('a tensor was made before the reference executor can have been loaded');
}

async function main() {
  if (early !== undefined) checkRefusal();
  return run(options);
}

globalThis.outcome = main().catch((error) => ({ error: String(error?.stack ?? error) }));
