/** Writes bench/report/index.html from bench/results, and its first chart as a picture for READMEs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../peers/load.ts';
import { readResults } from './data.ts';
import { familyColours, glanceChart, report } from './page.ts';

const folder = join(benchFolder, 'report');
/** Room above the chart, for what the colours mean. */
const KEY = 44;

/** The chart as a file of its own: with the colours of the style sheet, light and dark, and a key. */
function picture(chart: string): string {
  const style = readFileSync(join(folder, 'style.css'), 'utf8');
  const colours = style.slice(0, style.indexOf('* {'));
  const wide = chart.slice(chart.indexOf('<svg'), chart.indexOf('</svg>') + 6);
  const [, width, height] = wide.match(/width="([\d.]+)" height="([\d.]+)"/)!.map(Number) as [number, number, number];
  let x = 16;
  const key = Object.entries(familyColours()).map(([name, colour]) => {
    const at = x;
    x += 34 + 6.6 * name.length;
    return `<circle cx="${at + 6}" cy="22" r="6" fill="var(--${colour})"/><text x="${at + 18}" y="26" fill="var(--ink)">${name}</text>`;
  });
  const size = `${width + 24} ${Math.ceil(height) + KEY + 12}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" font-family="system-ui, sans-serif" font-size="13">
<style>${colours}</style><rect width="100%" height="100%" rx="14" fill="var(--card)"/>${key.join('')}
<svg x="12" y="${KEY}" width="${width}" height="${height}">${wide}</svg></svg>
`;
}

export async function writeReport(): Promise<void> {
  const results = readResults();
  const text = await report(results);
  writeFileSync(join(folder, 'index.html'), text);
  writeFileSync(join(folder, 'glance.svg'), picture(await glanceChart(results)));
  console.log(`bench/report/index.html: ${Math.round(text.length / 1024)} KB`);
}
