/** The tables on the terminal: one for each task while the suite runs, one of all ratios at its end. */
import { duration, find, ratio, share, speed, spread, subjectOf } from './format.ts';
import { PEAK, SUBJECT, type SuiteResult, type TaskResult } from './types.ts';

const bold = (text: string): string => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (text: string): string => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[22m` : text);

/** Lines of columns: the first flush left, the others flush right. Columns without any text below the head are left out. */
function columns(head: string[], rows: string[][]): string[] {
  const all = [head, ...rows];
  const used = head.map((_, i) => rows.some((row) => row[i]));
  const widthOf = (i: number) => Math.max(...all.map((row) => (row[i] ?? '').length));
  return all.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widthOf(i)) : cell.padStart(widthOf(i))))
      .filter((_, i) => used[i])
      .join('  '),
  );
}

export function taskLines(task: TaskResult): string[] {
  const rows = task.timings.map((timing) => [
    timing.name,
    timing.name === PEAK ? '' : duration(timing.median),
    spread(timing),
    speed(timing),
    share(timing, task),
    timing.name === PEAK ? '' : ratio(timing, task),
  ]);
  const [head, ...lines] = columns(['', 'median', 'spread', 'GFLOP/s', 'of peak', 'time ÷ saraf'], rows);
  const excluded = Object.entries(task.excluded).map(([name, reason]) => dim(`  ${name}: left out, ${reason}`));
  return ['', bold(task.name), dim(`  ${head}`), ...lines.map((line) => `  ${line}`), ...excluded];
}

/** All ratios of a suite; without saraf, the medians. */
export function summaryLines(result: SuiteResult): string[] {
  const peers = result.peers.filter(({ name }) => name !== SUBJECT && name !== PEAK).map(({ name }) => name);
  const compared = result.tasks.some(subjectOf);
  const rows = result.tasks.map((task) => {
    const own = subjectOf(task);
    const cells = peers.map((name) => {
      const timing = find(task, name);
      return timing === undefined ? '' : compared ? ratio(timing, task) : duration(timing.median);
    });
    return [task.name, own ? duration(own.median) : '', own ? speed(own) : '', own ? share(own, task) : '', ...cells];
  });
  const head = ['', SUBJECT, 'GFLOP/s', 'of peak', ...peers];
  const absent = result.peers.filter((peer) => peer.absent !== undefined);
  return [
    '',
    bold(`${result.title}: ${compared ? `time ÷ ${SUBJECT}` : 'medians'}, Node ${result.node}`),
    ...columns(head, rows),
    ...absent.map((peer) => dim(`${peer.name}: absent, ${peer.absent}`)),
  ];
}
