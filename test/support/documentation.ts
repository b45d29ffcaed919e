/** The examples in the sources' TSDoc, as modules that can be checked and run. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One `@example`. */
export interface Example {
  /** The file and the line where its code begins. */
  place: string;
  /** The line after the comment, which it documents. */
  subject: string;
  code: string[];
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The comments of a file that hold examples. */
export function examplesIn(file: string): Example[] {
  const text = readFileSync(root + file, 'utf8');
  const examples: Example[] = [];
  for (const comment of text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n?(.*)/g)) {
    const start = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0].slice(0, comment[0].lastIndexOf('*/')).split('\n');
    let open: Example | null = null;
    for (const [i, line] of lines.entries()) {
      const words = line.replace(/^\s*(\/\*)?\*+ ?/, '').trimEnd();
      if (/^@\w/.test(words)) open = null;
      if (words === '@example') {
        open = { place: `${file}:${start + i + 1}`, subject: comment[1]!, code: [] };
        examples.push(open);
      } else open?.code.push(words);
    }
  }
  return examples;
}

/** All sources with public names. */
export const sources = ['src', 'bindings/kernels'].flatMap((folder) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .sort(),
);

/** A value as examples write it after `//`; anything else is a remark. */
const VALUE = String.raw`(?:-?[\d.]+(?:e-?\d+)?|true|false|NaN|'[^']*'|[\[{](?:[\d\s.,:e\[\]{}-]|true|false|NaN|'[^']*')*[\]}])`;
const EXPRESSION = new RegExp(`^(\\s*)(?!const |let |return |[}/])(.+);\\s+// (${VALUE})$`);
const DECLARATION = new RegExp(
  `^(\\s*)const ([\\w$]+|\\[[\\w, ]+\\]|\\{[\\w, ]+\\}) = .+;\\s+// (${VALUE}(?:, ${VALUE})*)$`,
);

/** A line whose comment is a value, with a call of `check` that compares. */
function checked(line: string): string {
  const expression = EXPRESSION.exec(line);
  if (expression !== null) return `${expression[1]}check(${expression[2]}, ${expression[3]});`;
  const declaration = DECLARATION.exec(line);
  if (declaration === null) return line;
  const names = declaration[2]!.replace(/[[\]{}]/g, '');
  const isOne = names === declaration[2];
  return `${line.slice(0, line.lastIndexOf('//'))}check(${isOne ? names : `[${names}]`}, ${isOne ? declaration[3] : `[${declaration[3]}]`});`;
}

/**
 * A module that exports the examples as functions by place. They see what `imports` imports, and what `given` declares unless they
 * declare it themselves. Each line of code stays one line: `lines` says where it comes from.
 */
export function moduleOf(
  imports: string,
  given: string,
  examples: readonly Example[],
): { text: string; lines: string[] } {
  const text = [
    `${imports} type Given = typeof import('../../test/support/given.ts').given;`,
    'type Check = (got: unknown, expected: unknown) => void; export const examples = {',
  ];
  const lines: string[] = [];
  for (const { place, code } of examples) {
    text.push(`${JSON.stringify(place)}: async (check: Check, given: Given) => {${given} {`);
    const [file, start] = place.split(':') as [string, string];
    for (const [i, line] of code.entries()) {
      lines[text.length] = `${file}:${Number(start) + i}`;
      text.push(/^import .* from 'saraf(\/\w+)?';$/.test(line) ? '' : checked(line));
    }
    text.push('}},');
  }
  text.push('};', '');
  return { text: text.join('\n'), lines };
}
