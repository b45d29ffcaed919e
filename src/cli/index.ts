#!/usr/bin/env node
/** The command `saraf`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bench, benchTable } from './bench.ts';
import { engine, info, infoText, processor } from './info.ts';

const USAGE = `saraf trains and runs neural networks in JavaScript.

  saraf info    what it finds here: runtime, kernels, threads, GPU
  saraf bench   how fast it is here, compared to plain JavaScript (20 seconds)

  --threads N   bench: number of threads; default: one for each core
  --json        print JSON
  --version     print the version
  --help        print this
`;

/** Wrong arguments. */
class UsageError extends Error {}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return version;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        threads: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

function threadsOf(text: string | undefined): number | 'auto' {
  if (text === undefined || text === 'auto') return 'auto';
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageError(`--threads must be a whole number from 1 to 99 or auto, got ${text}`);
}

async function runBench(threads: number | 'auto', isJson: boolean): Promise<void> {
  const { isTTY } = process.stderr;
  if (!isJson) console.log(`saraf ${readVersion()} on ${engine()}, ${processor()}\n`);
  const report = await bench(threads, ({ name }) => {
    if (isTTY) process.stderr.write(`\x1b[2K\r${name}: done`);
  });
  if (isTTY) process.stderr.write('\x1b[2K\r');
  console.log(
    isJson ? JSON.stringify(report, null, 2) : `${benchTable(report)}\n\nIn brackets: time ÷ that of the first column.`,
  );
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.version) return console.log(readVersion());
  if (values.help) return console.log(USAGE);
  if (command === undefined) throw new UsageError('no command given');
  if (rest.length > 0) throw new UsageError(`one command at a time, got ${positionals.join(' ')}`);
  if (command !== 'bench' && values.threads !== undefined) throw new UsageError('--threads is for saraf bench');
  if (command === 'bench') return runBench(threadsOf(values.threads), values.json);
  if (command !== 'info') throw new UsageError(`there is no command ${command}`);
  const found = await info(readVersion());
  console.log(values.json ? JSON.stringify(found, null, 2) : infoText(found));
}

try {
  await main(process.argv.slice(2));
  // An open GPU keeps Node running.
  process.exit(0);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`saraf: ${error.message}\n\n${USAGE}`);
  process.exit(2);
}
