/**
 * Imports packages by a name that the type checker does not follow: peers are installed only in bench/, and the type
 * check of the repository must pass without them. Each peer's file declares the part of the package that it uses.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));

export async function load<T>(specifier: string): Promise<T> {
  return (await import(specifier)) as T;
}

/** The version of an installed peer. */
export function versionOf(name: string): string {
  const text = readFileSync(join(benchFolder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
