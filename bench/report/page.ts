/** The page: its sections, tables and words, as one HTML text without scripts and without anything to load. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { duration, find, majorOf, peakOf, share, speed } from '../harness/format.ts';
import { PEAK, type SuiteResult } from '../harness/types.ts';
import { benchFolder } from '../peers/load.ts';
import { batchLines, dots, nodeColour, nodeDots, overview, threadBars } from './charts.ts';
import {
  baseOf,
  fastest,
  type Kind,
  kindOf,
  type Loss,
  losses,
  type Ratio,
  ratios,
  speedsByNode,
  speedups,
  throughputs,
} from './data.ts';
import { displayName } from './names.ts';
import { colourOf } from './svg.ts';

/** The Node of the charts; others are in the tables. */
const MAIN_NODE = '24';

interface Chapter {
  id: string;
  title: string;
  text: string;
  suites: string[];
}

const chapters: Chapter[] = [
  {
    id: 'product',
    title: 'Matrix product',
    text: 'N is stored as it is multiplied, T transposed: backward passes need both.',
    suites: ['gemm'],
  },
  {
    id: 'elements',
    title: 'Elementwise operations and reductions',
    text: 'On a million floats.',
    suites: ['elementwise'],
  },
  { id: 'convolution', title: 'Convolution, pooling, normalisation', text: '', suites: ['conv', 'pool-norm'] },
  {
    id: 'training',
    title: 'Training steps',
    text: 'Forward, backward and update. Everything is compared with saraf compiled, as users would run it.',
    suites: ['mlp-step', 'xor-step', 'programs'],
  },
  {
    id: 'networks',
    title: 'Whole networks',
    text: 'saraf compiled, on one thread.',
    suites: ['cnn-step', 'resnet18', 'lstm-step', 'sentiment-step', 'embedding', 'streaming'],
  },
];

/** Suites with a chart of their own. */
const SPECIAL = ['threads', 'batch', 'runtimes'];

/** Suites that no chapter names become chapters of their own. */
function otherChapters(all: readonly SuiteResult[]): Chapter[] {
  const known = new Set([...SPECIAL, ...chapters.flatMap(({ suites }) => suites)]);
  const others = new Map(all.filter(({ suite }) => !known.has(suite)).map(({ suite, title }) => [suite, title]));
  return [...others].map(([suite, title]) => ({ id: suite, title, text: '', suites: [suite] }));
}

/** The rows of the overview: suite, beginning of the task's name, name in the overview. */
const highlights: [suite: string, task: string, name: string][] = [
  ['gemm', '512×512 · 512×512 NN', 'matrix product 512³'],
  ['gemm', '512×512 · 512×512 TN', 'the same, Aᵀ·B'],
  ['gemm', '8×8', 'matrix product 8³'],
  ['elementwise', 'tanh', 'tanh of a million'],
  ['elementwise', 'softmax', 'softmax of rows'],
  ['conv', 'n1 56² 64→64 k3', 'convolution 3×3, 64 channels'],
  ['conv', 'n1 112² depthwise 32 k3 s2', 'depthwise, stride 2'],
  ['mlp-step', '', 'training step 784-128-64-10'],
  ['xor-step', '', 'training step of XOR'],
  ['cnn-step', '', 'training step of a CNN'],
  ['lstm-step', 'LSTM', 'training step of an LSTM'],
  ['resnet18', '', 'ResNet18, one image'],
];
const families: Record<string, { kind: Kind; colour: string }> = {
  'fastest other WebAssembly library': { kind: 'wasm', colour: 'wasm-1' },
  'fastest plain JavaScript': { kind: 'plain', colour: 'plain-2' },
  'PyTorch 1.13, native AVX-512, one thread': { kind: 'native', colour: 'native' },
};

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
/** With Markdown's code spans as HTML. */
const worded = (text: string): string => escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>');

const marks: Record<Kind, string> = {
  saraf: '<path d="M7 1 13 12H1Z"/>',
  wasm: '<circle cx="7" cy="7" r="5.5"/>',
  plain: '<path d="M2 2h10v10H2Z"/>',
  native: '<path d="M7 0.5 13 7 7 13.5 1 7Z"/>',
};

function key(entries: readonly { name: string; colour: string; kind: Kind }[]): string {
  const items = entries.map(
    ({ name, colour, kind }) =>
      `<li><svg viewBox="0 0 14 14" fill="${colour}" aria-hidden="true">${marks[kind]}</svg>${escaped(name)}</li>`,
  );
  return `<ul class="key">${items.join('')}</ul>`;
}

const keyOf = (peers: readonly string[]): string =>
  key(peers.map((name) => ({ name, colour: colourOf(name), kind: kindOf(name) })));

function heat(ratio: number): string {
  if (ratio < 0.67) return 'l2';
  if (ratio < 0.97) return 'l1';
  if (ratio <= 1.03) return '';
  return ratio < 2 ? 'w1' : ratio < 10 ? 'w2' : 'w3';
}

const times = (ratio: number): string => {
  if (ratio >= 100) return `${ratio.toFixed(0)}×`;
  return ratio >= 10 ? `${ratio.toFixed(1)}×` : `${Number(ratio.toPrecision(ratio < 0.1 ? 2 : 3))}×`;
};

function table(result: SuiteResult): string {
  const base = baseOf(result);
  const peers = result.peers
    .filter(({ name, absent }) => name !== base && name !== PEAK && !absent)
    .map(({ name }) => name)
    .sort((a, b) => order(a) - order(b));
  const hasRate = result.tasks.some(({ flops }) => flops !== undefined);
  const hasPeak = result.tasks.some((task) => peakOf(task) !== undefined);
  const head = ['', base, ...(hasRate ? ['GFLOP/s'] : []), ...(hasPeak ? ['of peak'] : []), ...peers];
  const body = result.tasks.map((task) => {
    const own = find(task, base);
    if (own === undefined) return '';
    const cells = peers.map((name) => {
      const timing = find(task, name);
      if (timing === undefined) return '<td></td>';
      const ratio = timing.median / own.median;
      return `<td class="${heat(ratio)}" title="${escaped(`${name}: ${duration(timing.median)}`)}">${times(ratio)}</td>`;
    });
    const extra = [...(hasRate ? [speed(own)] : []), ...(hasPeak ? [share(own, task)] : [])];
    const figures = [duration(own.median), ...extra].map((text) => `<td>${text}</td>`).join('');
    return `<tr><td>${escaped(task.name)}</td>${figures}${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.map((text) => `<th>${escaped(text)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

const order = (name: string): number => ['saraf', 'wasm', 'plain', 'native'].indexOf(kindOf(name));

function provenance(result: SuiteResult): string {
  const peers = result.peers.map(({ name, version, note, absent }) =>
    absent ? `${name}: absent, ${absent}` : `${name}${version ? ` ${version}` : ''}: ${note}`,
  );
  const excluded = result.tasks.flatMap((task) =>
    Object.entries(task.excluded).map(([name, reason]) => `left out of ${task.name}: ${name}, ${reason}`),
  );
  const items = [...peers, ...excluded].map((text) => `<li>${escaped(text)}</li>`).join('');
  const where = `Node ${result.node} (V8 ${result.v8}), ${result.machine}, ${result.date}, medians of ${result.rounds} interleaved rounds`;
  return `<p class="soft">${escaped(where)}. To repeat: <code>${escaped(`${result.command} --node ${majorOf(result.node)}`)}</code></p><ul class="plain">${items}</ul>`;
}

/** All numbers of some suites, one table for each Node. */
function numbers(results: readonly SuiteResult[]): string {
  const tables = results.map(
    (result) => `<h3>${escaped(result.title)}, Node ${majorOf(result.node)}</h3>${table(result)}${provenance(result)}`,
  );
  return `<details><summary>All numbers, with machine, versions and commands</summary>${tables.join('')}</details>`;
}

const section = (id: string, title: string, ...content: string[]): string =>
  `<section id="${id}"><h2>${escaped(title)}</h2>${content.join('\n')}</section>`;

const paragraph = (text: string): string => (text === '' ? '' : `<p class="soft">${worded(text)}</p>`);

/** The results of the charts' Node, or of the newest measured. */
const main = (results: readonly SuiteResult[]): SuiteResult | undefined =>
  results.find(({ node }) => majorOf(node) === MAIN_NODE) ?? results.at(-1);

async function chapter(
  all: readonly SuiteResult[],
  { id, title, text, suites }: (typeof chapters)[number],
): Promise<string> {
  const parts = suites.map((suite) => all.filter((result) => result.suite === suite));
  const shown = parts.flatMap((results) => main(results) ?? []);
  const values = shown.flatMap(ratios);
  if (values.length === 0) return '';
  const peers = [...new Set(values.map(({ peer }) => peer))]
    .filter((name) => !name.includes('threads'))
    .sort((a, b) => order(a) - order(b));
  const notes = [...new Set(shown.flatMap((result) => result.notes))]
    .map((note) => `<li>${worded(note)}</li>`)
    .join('');
  return section(
    id,
    title,
    paragraph(text),
    keyOf(peers),
    await dots(values, `${title}: time of each contender divided by that of saraf`),
    `<details><summary>How to read it</summary><ul class="notes">${notes}</ul></details>`,
    numbers(parts.flat()),
  );
}

/** The fastest of each family in the tasks of the overview. */
function picked(all: readonly SuiteResult[]): (Ratio & { group: string })[] {
  const values: (Ratio & { group: string })[] = [];
  for (const [suite, begins, name] of highlights) {
    const result = main(all.filter((one) => one.suite === suite));
    const task = result?.tasks.find((one) => one.name.startsWith(begins));
    if (result === undefined || task === undefined) continue;
    const own = ratios({ ...result, tasks: [task] });
    for (const [group, { kind }] of Object.entries(families)) {
      const best = fastest(own, kind).get(task.name);
      if (best !== undefined) values.push({ ...best, task: name, group });
    }
  }
  return values;
}

/** The chart of the overview, wide and narrow. */
export function glanceChart(all: readonly SuiteResult[]): Promise<string> {
  return overview(picked(all), familyColours());
}

/** The key of the overview. */
export const familyColours = (): Record<string, string> =>
  Object.fromEntries(Object.entries(families).map(([name, { colour }]) => [name, colour]));

async function glance(all: readonly SuiteResult[]): Promise<string> {
  const entries = Object.entries(families).map(([name, { colour }]) => ({
    name,
    colour: `var(--${colour})`,
    kind: 'wasm' as const,
  }));
  return section(
    'glance',
    'At a glance',
    paragraph(
      `All on one thread of the same machine, Node ${MAIN_NODE}. A dot right of 1× took longer than saraf; one in the red field was faster. Distances are ratios: the axis is logarithmic.`,
    ),
    key(entries),
    await glanceChart(all),
  );
}

function lossTable(all: readonly Loss[]): string {
  const rows = all.map(
    ({ task, peer, ratio, node, suite }) =>
      `<tr><td>${escaped(displayName(task))}</td><td>${escaped(peer)}</td><td class="${heat(ratio)}">${times(ratio)}</td><td>${node}</td><td>${suite}</td></tr>`,
  );
  const head = ['task', 'who is faster', 'its time ÷ saraf’s', 'Node', 'suite'].map((text) => `<th>${text}</th>`);
  return `<div class="scroll"><table class="lost"><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function lost(all: readonly SuiteResult[]): string {
  const found = losses(all);
  const native = found.filter(({ kind }) => kind === 'native');
  return section(
    'losses',
    'Where saraf loses',
    paragraph(
      'Every measurement of every suite in which another contender took less than 97 % of saraf’s time on as many threads, the widest gap first.',
    ),
    lossTable(found.filter(({ kind }) => kind !== 'native')),
    `<details><summary>PyTorch, whose native code has vectors four times as wide: ${native.length} measurements</summary>${lossTable(native)}</details>`,
  );
}

async function threads(all: readonly SuiteResult[]): Promise<string> {
  const results = all.filter(({ suite }) => suite === 'threads');
  const result = main(results);
  if (result === undefined) return '';
  const words = `Node ${majorOf(result.node)}. The dashed line marks twice the speed. Results have the same bits for any number of threads.`;
  return section(
    'threads',
    'Two threads against one',
    paragraph(words),
    await threadBars(speedups(result)),
    numbers(results),
  );
}

async function batches(all: readonly SuiteResult[]): Promise<string> {
  const results = all.filter(({ suite }) => suite === 'batch');
  const result = main(results);
  if (result === undefined) return '';
  const values = throughputs(result);
  const panels = [...new Set(values.map(({ panel }) => panel))];
  const drawn = await Promise.all(
    panels.map(async (panel) => `<div><h3>${escaped(panel)}</h3>${await batchLines(values, panel)}</div>`),
  );
  return section(
    'batch',
    'Throughput against batch size',
    paragraph(`Digits a second, on logarithmic axes; higher is better. Node ${majorOf(result.node)}.`),
    keyOf([...new Set(values.map(({ peer }) => peer))]),
    `<div class="panels">${drawn.join('')}</div>`,
    `<details><summary>How to read it</summary><ul class="notes">${result.notes.map((note) => `<li>${worded(note)}</li>`).join('')}</ul></details>`,
    numbers(results),
  );
}

async function versions(all: readonly SuiteResult[]): Promise<string> {
  const results = all.filter(({ suite }) => suite === 'runtimes');
  const [oldest] = results;
  if (oldest === undefined || results.length < 2) return '';
  const values = speedsByNode(results);
  const nodes = [...new Set(values.map(({ node }) => node))];
  return section(
    'runtimes',
    'Versions of Node',
    paragraph(`saraf’s speed on each, as a multiple of that on ${nodes[0]}. ${oldest.notes[0]}`),
    key(nodes.map((name, i) => ({ name, colour: nodeColour(name, i), kind: 'wasm' }))),
    await nodeDots(values),
    numbers(results),
  );
}

const countOf = (all: readonly string[], one: string): number => all.filter((other) => other === one).length;

/** The whole page. */
export async function report(all: readonly SuiteResult[]): Promise<string> {
  const style = readFileSync(join(benchFolder, 'report/style.css'), 'utf8');
  const machines = all.map(({ machine }) => machine);
  const machine = machines.sort((a, b) => countOf(machines, b) - countOf(machines, a))[0] ?? '';
  const sections = [
    await glance(all),
    lost(all),
    ...(await Promise.all([...chapters, ...otherChapters(all)].map((one) => chapter(all, one)))),
    await threads(all),
    await batches(all),
    await versions(all),
  ].filter((text) => text !== '');
  const links = sections.map((text) => {
    const [, id, title] = text.match(/^<section id="([^"]*)"><h2>(.*?)<\/h2>/) ?? [];
    return `<a href="#${id}">${title}</a>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>How fast saraf is</title>
<style>${style.replace(/\s*\n\s*/g, '\n')}</style>
<header>
<h1>How fast saraf is</h1>
<p class="soft">Compared with other JavaScript libraries, with plain JavaScript and with PyTorch, in the same process or next to it, on ${escaped(machine)} (where a suite ran elsewhere, its numbers say so). Every contender’s output is checked before it is timed; rounds are interleaved, and figures are medians.</p>
<nav>${links.join('')}</nav>
</header>
<main>
${sections.join('\n')}
</main>
<footer><p><code>npm run bench</code> measures again; <code>npm run bench:report</code> writes this page anew. Only ratios within one run carry over to another machine.</p></footer>
</html>
`;
}
