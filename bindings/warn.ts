import { log } from './host.ts';

/** Warns of something that works but is probably not what was intended. */
export function warn(message: string): void {
  const host = (globalThis as { process?: { emitWarning?: (text: string) => void } }).process;
  if (typeof host?.emitWarning === 'function') host.emitWarning(message);
  else if (typeof console !== 'undefined') console.warn(message);
  else log(message);
}
