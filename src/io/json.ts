/** What JSON.parse does not tell, and numbers that JSON lacks. */

/**
 * The keys of the outermost object in a valid JSON text, repeated ones too.
 *
 * @throws SyntaxError where lists and objects are nested deeper than `maxDepth`
 */
export function topLevelKeys(text: string, maxDepth: number): string[] {
  const keys: string[] = [];
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      while (text[++at] !== '"') if (text[at] === '\\') at++;
      if (depth === 1 && isKey) keys.push(JSON.parse(text.slice(start, at + 1)) as string);
      isKey = false;
    } else if (character === '{' || character === '[') {
      if (++depth > maxDepth) throw new SyntaxError(`nested deeper than ${maxDepth}`);
      isKey = character === '{';
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === ',') {
      isKey = true;
    }
  }
  return keys;
}

/** Name of the field that holds NaN, ±Infinity or −0 as text. */
const NUMBER = '$number';

/** JSON in which numbers that it lacks are kept as texts. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, x: unknown) => {
    if (typeof x !== 'number' || (Number.isFinite(x) && !Object.is(x, -0))) return x;
    return { [NUMBER]: Object.is(x, -0) ? '-0' : String(x) };
  });
}

/** The opposite of `stringify`. A key that would change an object's prototype when it is copied is refused. */
export function parse(text: string): unknown {
  return JSON.parse(text, (key, x: unknown) => {
    if (key === '__proto__') throw new SyntaxError('__proto__ is no name');
    return typeof x === 'object' && x !== null && Object.hasOwn(x, NUMBER)
      ? Number((x as Record<string, unknown>)[NUMBER])
      : x;
  });
}
