/** A strict reader of the XML that pictures are made of: elements, attributes, texts; anything else is an error. */

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function decode(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || /\p{Surrogate}/u.test(text))
    throw new Error(`forbidden character in ${JSON.stringify(text)}`);
  return text.replace(/&([^;]*);?/g, (whole, name) => {
    if (!whole.endsWith(';') || !(name in ENTITIES)) throw new Error(`bad entity ${whole}`);
    return ENTITIES[name]!;
  });
}

/** The root of a document; throws if it is not well-formed. */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const token = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null) throw new Error(`not well-formed at ${at}: ${source.slice(at, at + 60)}`);
    const [, closing, name, written, single, text] = match;
    const inner = open.at(-1)!;
    if (text !== undefined) inner.text += decode(text);
    else if (closing === '/') {
      if (open.length === 1 || open.pop()!.name !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      const attributes: Record<string, string> = {};
      for (const [, key, value] of written!.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (key! in attributes) throw new Error(`${key} twice`);
        attributes[key!] = decode(value!);
      }
      const element = { name: name!, attributes, children: [], text: '' };
      inner.children.push(element);
      if (single !== '/') open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1 || root.text.trim() !== '') throw new Error('not one whole root');
  return root.children[0]!;
}

/** All elements with this name, in order. */
export function all(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
}
