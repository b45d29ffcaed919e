/** Which JavaScript runtime this is, recognised by what only it has. Workerd sets `process.versions`, so that does not identify Node. */
export function runtimeName(): string {
  const host = globalThis as {
    Deno?: unknown;
    Bun?: unknown;
    process?: { release?: { name?: string } };
    document?: unknown;
    importScripts?: unknown;
  };
  if (typeof navigator !== 'undefined' && navigator.userAgent === 'Cloudflare-Workers') return 'workerd';
  if (host.Deno !== undefined) return 'deno';
  if (host.Bun !== undefined) return 'bun';
  if (host.document !== undefined || host.importScripts !== undefined) return 'browser';
  if (host.process?.release?.name === 'node') return 'node';
  return 'unknown';
}
