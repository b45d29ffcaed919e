/** Yields to everything else that waits in the event loop. */
import { now } from '../../bindings/host.ts';

/** How long work may block the event loop, in milliseconds. */
const SLICE = 50;

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
    } else if (typeof MessageChannel === 'function') {
      // Browsers delay nested timers by 4 ms; messages are not delayed.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else if (typeof setTimeout === 'function') {
      setTimeout(resolve, 0);
    } else {
      resolve();
    }
  });
}

/** A function to call often: it gives a promise to await when it is time to pause, otherwise undefined. */
export function pacer(): () => Promise<void> | undefined {
  let last = now();
  return () => {
    if (now() - last < SLICE) return undefined;
    return nextTask().then(() => {
      last = now();
    });
  };
}
