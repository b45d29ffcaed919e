/**
 * The page: writes each suite's section of bench/README.md, between its markers, from all result files of that suite.
 * Text outside the markers is kept.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../peers/load.ts';
import { duration, find, peakOf, ratio, share, speed, spreadOf, subjectOf } from './format.ts';
import { median } from './measure.ts';
import { readResults } from './results.ts';
import { PEAK, SUBJECT, type SuiteResult, type TaskResult } from './types.ts';

const page = join(benchFolder, 'README.md');

function table(head: string[], rows: string[][]): string[] {
  const used = head.map((_, i) => i === 0 || rows.some((row) => row[i]));
  const line = (cells: string[]) => `| ${cells.filter((_, i) => used[i]).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)];
}

const contenders = (result: SuiteResult): string[] =>
  result.peers.filter(({ name, absent }) => name !== SUBJECT && name !== PEAK && !absent).map(({ name }) => name);

function ratios(result: SuiteResult): string[] {
  const names = contenders(result);
  const rows = result.tasks.flatMap((task) => {
    const own = subjectOf(task);
    if (own === undefined) return [];
    const others = names.map((name) => {
      const timing = find(task, name);
      return timing === undefined ? '' : ratio(timing, task);
    });
    return [[task.name, `**${duration(own.median)}**`, speed(own), share(own, task), ...others]];
  });
  if (rows.length === 0) return [];
  return [
    `Time of each contender divided by saraf's in the same run (above 1: saraf is faster):`,
    '',
    ...table(['', SUBJECT, 'GFLOP/s', 'of peak', ...names], rows),
    '',
  ];
}

function medians(result: SuiteResult): string[] {
  const names = [SUBJECT, ...contenders(result)];
  const cell = (task: TaskResult, name: string) => {
    const timing = find(task, name);
    if (timing === undefined) return '';
    const rate = speed(timing);
    return duration(timing.median) + (rate && ` (${rate})`);
  };
  const rows = result.tasks.map((task) => {
    const peak = peakOf(task);
    return [task.name, ...names.map((name) => cell(task, name)), peak ? speed(peak) : ''];
  });
  const rates = result.tasks.some((task) => task.flops !== undefined) ? ' (GFLOP/s)' : '';
  const body = table(['', ...names, 'peak loop, GFLOP/s'], rows);
  return ['<details>', `<summary>All medians${rates}</summary>`, '', ...body, '', '</details>', ''];
}

function contenderLines(result: SuiteResult): string[] {
  const peers = result.peers.map(({ name, version, note, absent }) =>
    absent ? `- ${name}: absent, ${absent}` : `- ${name}${version ? ` ${version}` : ''}: ${note}`,
  );
  const excluded = result.tasks.flatMap((task) =>
    Object.entries(task.excluded).map(([name, reason]) => `- left out of ${task.name}: ${name}, ${reason}`),
  );
  return ['<details>', '<summary>The contenders</summary>', '', ...peers, ...excluded, '', '</details>', ''];
}

/** How unsteady the machine was: the median, over all contenders, of the spread of their rounds. */
function unrest(result: SuiteResult): string {
  const spreads = result.tasks.flatMap(({ timings }) => timings.map(spreadOf));
  return `±${Math.round(100 * median(spreads))} %`;
}

function section(suite: string): string[] {
  const all = readResults().filter((result) => result.suite === suite);
  const last = all.at(-1);
  if (last === undefined) return [];
  const lines = [`## ${last.title}`, '', ...last.notes.map((note) => `- ${note}`), ''];
  for (const result of all) {
    lines.push(`### Node ${result.node} (V8 ${result.v8})`, '', ...ratios(result), ...medians(result));
    lines.push(...contenderLines(result));
    lines.push(
      `${result.date}, ${result.machine}; medians of ${result.rounds} interleaved rounds, which differ by ${unrest(result)} (median); \`${result.command}\``,
      '',
    );
  }
  return lines;
}

/** Replaces the section of a suite from its result files, or adds it at the end. */
export function writeSection(suite: string): void {
  const [open, close] = [`<!-- bench:${suite} -->`, `<!-- /bench:${suite} -->`];
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const body = [open, ...section(suite), close].join('\n');
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  const replaced =
    start < 0 ? `${text.trimEnd()}\n\n${body}\n` : text.slice(0, start) + body + text.slice(end + close.length);
  writeFileSync(page, replaced);
}
