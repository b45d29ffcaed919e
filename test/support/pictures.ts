/** Reads the pictures that the tests of `plot` make. */
import { PNG } from 'pngjs';
import { expect } from 'vitest';
import { all, parseXml, type XmlElement } from './xml.ts';

const NUMBERS = /-?\d+(?:\.\d+)?/g;
export const numbers = (text: string): number[] => (text.match(NUMBERS) ?? []).map(Number);
export const words = (svg: XmlElement): string[] => all(svg, 'text').map((element) => element.text);

/**
 * Reads a picture, and checks that every number in it is finite, that it has a name and a description, and that its
 * texts are inside it.
 */
export function read(source: string): XmlElement {
  const svg = parseXml(source);
  expect(svg.name).toBe('svg');
  expect(svg.attributes).toMatchObject({ xmlns: 'http://www.w3.org/2000/svg', role: 'img' });
  expect(source.replace(/base64,[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined|null/);
  expect(svg.children[0]!.name).toBe('title');
  expect(svg.children[0]!.text).not.toBe('');
  expect(svg.children[1]!.name).toBe('desc');
  expect(svg.children[1]!.text).not.toBe('');
  const [, , width, height] = numbers(svg.attributes.viewBox!);
  expect([Number(svg.attributes.width), Number(svg.attributes.height)]).toEqual([width, height]);
  for (const { attributes } of all(svg, 'text')) {
    expect(Number(attributes.x)).toBeGreaterThanOrEqual(0);
    expect(Number(attributes.x)).toBeLessThanOrEqual(width!);
    expect(Number(attributes.y)).toBeGreaterThanOrEqual(8);
    expect(Number(attributes.y)).toBeLessThanOrEqual(height!);
  }
  return svg;
}

/** The marks of a chart with axes. */
export const marks = (svg: XmlElement, name: string): XmlElement[] =>
  all(svg.children.find((c) => c.name === 'svg')!, name);

export function png(image: XmlElement): PNG {
  const [head, body] = image.attributes.href!.split(',');
  expect(head).toBe('data:image/png;base64');
  return PNG.sync.read(Buffer.from(body!, 'base64'));
}
