/** Writes bench/report/index.html from bench/results, and its first chart as a picture for READMEs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResults } from '../harness/results.ts';
import { benchFolder } from '../peers/load.ts';
import { familyColours, glanceChart, report } from './page.ts';

const folder = join(benchFolder, 'report');
/** Room for the key above the chart. */
const KEY = 44;

/** Colours of the style sheet by name, light and dark. */
function palettes(): [light: Map<string, string>, dark: Map<string, string>] {
  const style = readFileSync(join(folder, 'style.css'), 'utf8');
  const [light = '', dark = ''] = style.slice(0, style.indexOf('* {')).split('@media');
  const read = (text: string) =>
    new Map([...text.matchAll(/--([\w-]+): (#\w+);/g)].map(([, name = '', value = '']) => [name, value]));
  return [read(light), read(dark)];
}

/** Replaces variables, which not every viewer of pictures knows, by light colours; a rule each makes them dark. */
function inColours(svg: string): [svg: string, rules: string] {
  const [light, dark] = palettes();
  const rules = new Set<string>();
  const text = svg.replace(/(fill|stroke)="var\(--([\w-]+)\)"/g, (_, attribute: string, name: string) => {
    rules.add(`[${attribute}="${light.get(name)}"]{${attribute}:${dark.get(name)}}`);
    return `${attribute}="${light.get(name)}"`;
  });
  return [text, [...rules].join('\n')];
}

/** The chart as a file of its own: with the colours of the style sheet, light and dark, and a key. */
function picture(chart: string): string {
  const wide = chart.slice(chart.indexOf('<svg'), chart.indexOf('</svg>') + 6);
  const [, width = 0, height = 0] = (wide.match(/width="([\d.]+)" height="([\d.]+)"/) ?? []).map(Number);
  let x = 16;
  const key = Object.entries(familyColours()).map(([name, colour]) => {
    const at = x;
    x += 34 + 6.6 * name.length;
    return `<circle cx="${at + 6}" cy="22" r="6" fill="var(--${colour})"/><text x="${at + 18}" y="26" fill="var(--ink)">${name}</text>`;
  });
  const size = `${width + 24} ${Math.ceil(height) + KEY + 12}`;
  const [body, rules] = inColours(`<rect width="100%" height="100%" rx="14" fill="var(--card)"/>${key.join('')}
<svg x="12" y="${KEY}" width="${width}" height="${height}">${wide}</svg>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" font-family="system-ui, sans-serif" font-size="13">
<style>@media (prefers-color-scheme: dark) {
${rules}
}</style>${body}</svg>
`;
}

export async function writeReport(): Promise<void> {
  const results = readResults();
  const text = await report(results);
  writeFileSync(join(folder, 'index.html'), text);
  writeFileSync(join(folder, 'glance.svg'), picture(await glanceChart(results)));
  console.log(`bench/report/index.html: ${Math.round(text.length / 1024)} KB`);
}
