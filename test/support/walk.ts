/** All public functions, constructors and methods, found by walking the exports of the entry points. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as saraf from '../../src/index.ts';
import * as files from '../../src/node/index.ts';

type Fn = (...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => object;

/** A public function, constructor or method. */
export interface PublicFunction {
  /** As users find it: `F.relu`, `nn.new Linear`, `nn.Linear.forward`. */
  name: string;
  /** The function or class itself: methods of a base are found in every class that extends it. */
  of: unknown;
  /** Its parameters as they are written, without default values. */
  parameters: string[];
  /** Calls it; a method is called on `self`, or on an object without fields. */
  call: (args: readonly unknown[], self?: object) => unknown;
}

/** Members that the sources declare private, protected or internal, as Class.member; also the constructors of abstract classes. */
function hiddenMembers(): Set<string> {
  const hidden = new Set<string>();
  const [abstracts, concretes] = [new Set<string>(), new Set<string>()];
  const sources = fileURLToPath(new URL('../../src', import.meta.url));
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    let [kind, isInternal] = ['', false];
    for (const line of readFileSync(join(sources, file), 'utf8').split('\n')) {
      const opened = /^(?:export )?(abstract )?class (\w+)/.exec(line);
      if (opened !== null) kind = opened[2]!;
      if (opened !== null) (opened[1] === undefined ? concretes : abstracts).add(`${kind}.constructor`);
      if (/^ {2}\/\*\* @internal/.test(line)) isInternal = !/\*\/ \w/.test(line);
      const member = /^ {2}(private |protected )?(?:static |abstract |override |async |get |set )*\*?(\w+)[(<]/.exec(
        line,
      );
      if (member === null) continue;
      if (isInternal || member[1] !== undefined) hidden.add(`${kind}.${member[2]}`);
      isInternal = false;
    }
  }
  // Of two classes with the same name, the one that can be constructed counts.
  for (const name of abstracts) if (!concretes.has(name)) hidden.add(name);
  return hidden;
}

const hidden = hiddenMembers();

/** The classes of a prototype and of those below it. */
function lineage(proto: object): string[] {
  const names: string[] = [];
  for (let one = proto; one !== Object.prototype && one !== null; one = Object.getPrototypeOf(one))
    names.push(one.constructor.name);
  return names;
}

/** The parameters of a function, from its text: the parts between commas outside brackets. */
function parametersOf(text: string): string[] {
  const names: string[] = [];
  let [depth, name] = [0, ''];
  for (let i = text.indexOf('('); i < text.length; i++) {
    const c = text[i]!;
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (depth === 0 || (depth === 1 && c === ',')) {
      if (name.trim() !== '') names.push(name.trim());
      name = '';
      if (depth === 0) break;
    } else if (depth > 1 || c !== '(') name += c;
  }
  return names.map((one) => one.split('=')[0]!.trim());
}

/** The constructor that runs, and its class: a class without one uses that of its base, and a base without one takes no arguments. */
function constructorOf(kind: Class): { owner: string; text: string } {
  for (let one: Class = kind; one !== Function.prototype; one = Object.getPrototypeOf(one)) {
    const at = String(one).search(/\bconstructor\s*\(/);
    if (at >= 0) return { owner: one.name, text: String(one).slice(at) };
  }
  return { owner: kind.name, text: '()' };
}

function walkClass(path: string, kind: Class, found: Map<string, PublicFunction>): void {
  const made = path.replace(/(\w+)$/, 'new $1');
  const { owner, text } = constructorOf(kind);
  if (!hidden.has(`${kind.name}.constructor`) && !(owner === 'TensorBase' && hidden.has(`${owner}.constructor`)))
    found.set(made, {
      name: made,
      of: kind,
      parameters: parametersOf(text),
      call: (args) => Reflect.construct(kind, args),
    });
  const classes = lineage(kind.prototype);
  for (let proto = kind.prototype; proto !== Object.prototype && proto !== Error.prototype; ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      const method = `${path}.${name}`;
      if (name === 'constructor' || typeof value !== 'function' || found.has(method)) continue;
      // Loops call the hooks of callbacks with extra arguments; JSON.stringify passes a key to toJSON.
      if (/^on[A-Z]|^toJSON$/.test(name) || classes.some((one) => hidden.has(`${one}.${name}`))) continue;
      found.set(method, {
        name: method,
        of: value,
        parameters: parametersOf(String(value)),
        call: (args, self = Object.create(kind.prototype) as object) => Reflect.apply(value as Fn, self, args),
      });
    }
    proto = Object.getPrototypeOf(proto);
  }
}

function walk(path: string, place: object, found: Map<string, PublicFunction>, seen: Set<unknown>): void {
  for (const [key, value] of Object.entries(place) as [string, unknown][]) {
    const name = path === '' ? key : `${path}.${key}`;
    if (seen.has(value) || (typeof value !== 'function' && typeof value !== 'object')) continue;
    seen.add(value);
    if (typeof value === 'function' && String(value).startsWith('class')) walkClass(name, value as Class, found);
    else if (typeof value === 'function')
      found.set(name, {
        name,
        of: value,
        parameters: parametersOf(String(value)),
        call: (args) => (value as Fn)(...args),
      });
    else if (Object.prototype.toString.call(value) === '[object Module]') walk(name, value as object, found, seen);
  }
}

/** Every public function, constructor and method. */
export function publicFunctions(): PublicFunction[] {
  const found = new Map<string, PublicFunction>();
  const seen = new Set<unknown>();
  // The first of the classes that have its methods.
  walk('', { Tensor: saraf.Tensor }, found, seen);
  walk('', saraf, found, seen);
  walk('node', files, found, seen);
  return [...found.values()];
}
