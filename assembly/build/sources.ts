/** Finds functions in assembly/ by name, so that the build needs no list of the kernels' files. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const assembly = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Folders whose files are not part of the kernels. */
const others = ['build', 'generated', 'unpack'];

/** Paths, from assembly/ and without extension, of the files that export each function. */
const pathOf = new Map<string, string[]>();
for (const path of readdirSync(assembly, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.ts') || others.some((folder) => path.startsWith(folder + sep))) continue;
  for (const [, name = ''] of readFileSync(join(assembly, path), 'utf8').matchAll(/^export function (\w+)\(/gm)) {
    pathOf.set(name, [...(pathOf.get(name) ?? []), path.slice(0, -'.ts'.length).split(sep).join('/')]);
  }
}

/** Whether a file exports a function of this name. */
export const isExported = (name: string): boolean => pathOf.has(name);

/** The imports of these functions in assembly/generated. */
export function importsOf(names: readonly string[]): string {
  const imports = new Map<string, string[]>();
  for (const name of names) {
    const paths = pathOf.get(name) ?? [];
    const [path] = paths;
    if (path === undefined || paths.length > 1) {
      throw new Error(`${paths.length} files of assembly/ export ${name}; exactly one must (${paths.join(', ')})`);
    }
    imports.set(path, [...(imports.get(path) ?? []), name]);
  }
  return Array.from(imports, ([path, list]) => `import { ${list.join(', ')} } from '../${path}';\n`).join('');
}
