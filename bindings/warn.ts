import { log } from './host.ts';

/** Tells people of what works, and is hardly what they want, where the runtime has a way to. */
export function warn(message: string): void {
  const host = (globalThis as { process?: { emitWarning?: (text: string) => void } }).process;
  if (typeof host?.emitWarning === 'function') host.emitWarning(message);
  else if (typeof console !== 'undefined') console.warn(message);
  else log(message);
}
