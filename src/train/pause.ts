/** Giving way to everything else that waits in the event loop. */
import { now } from '../../bindings/host.ts';

/** Time that work may hold up the event loop, in milliseconds. */
const SLICE = 50;

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
    } else if (typeof MessageChannel === 'function') {
      // Timers that follow each other are held back by 4 ms in browsers; messages are not.
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

/** A function to call often: gives a promise to wait for when it is time to pause, else nothing. */
export function pacer(): () => Promise<void> | undefined {
  let last = now();
  return () => {
    if (now() - last < SLICE) return undefined;
    return nextTask().then(() => {
      last = now();
    });
  };
}
