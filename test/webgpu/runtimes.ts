/**
 * The tests of WebGPU, and smoke.js against the built package, in Node, headless Chromium, and Deno with each software GPU: `npx tsx
 * test/webgpu/runtimes.ts [runtime …] [file of tests …]`. A runtime that is not installed, or whose GPU is not, is
 * named and skipped. The script fails if a test fails in one of them, or if one has not run every opcode (unless files
 * are named). Deno is that of test/runtimes (`npm ci` there), or the one on the path.
 */
import { fileURLToPath } from 'node:url';
import { opcodes } from '../../bindings/commands/table.ts';
import { bundleTests } from './everywhere/bundle.ts';
import { type Host, hosts } from './everywhere/hosts.ts';
import type { Report } from './everywhere/main.ts';

const FOLDER = 'out/webgpu';
/** The number of test files that run at a time: most of their work keeps one core busy. */
const AT_A_TIME = 2;

/** Runs everything in a runtime. Returns the failures. */
async function check(name: string, host: Host): Promise<string[]> {
  const start = performance.now();
  console.log(`${name}: ${await host.call('test/webgpu/smoke.js')}`);
  const reports: Report[] = [];
  const failed: string[] = [];
  const left = [...(chosen.length === 0 ? files : chosen)];
  const work = async () => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      try {
        reports.push((await host.call(`${FOLDER}/main.js`, `./${file}.js`)) as Report);
      } catch (error) {
        failed.push(`${file}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  failed.push(...reports.flatMap((report) => report.failed));
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const [ran, refused] = (['ran', 'refused'] as const).map((kind) =>
    opcodes.filter((opcode) => reports.some((report) => report[kind].includes(opcode))),
  ) as [string[], string[]];
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const adapters = new Set(reports.map(({ adapter }) => adapter));
  console.log(`${name}, ${[...adapters].join(', ')}: ${passed} tests passed, ${failed.length} failed, in ${seconds} s`);
  for (const skipped of reports.flatMap((report) => report.skipped)) console.log(`${name}: ${skipped}: skipped`);
  console.log(`${name}: ${ran.length} opcodes ran: ${ran.join(', ')}; for the CPU only: ${refused.join(', ')}`);
  if (chosen.length > 0) return failed;
  const missing = opcodes.filter((opcode) => !ran.includes(opcode) && !refused.includes(opcode));
  return [...failed, ...missing.map((opcode) => `no test runs the opcode ${opcode}`)];
}

const files = await bundleTests(fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url)));
const wanted = process.argv.slice(2);
const names = wanted.filter((name) => name in hosts);
const chosen = wanted.filter((name) => !(name in hosts)).map((name) => `${name}.test`);
let failed = false;
for (const name of names.length === 0 ? Object.keys(hosts) : names) {
  let host: Host | null | undefined;
  try {
    host = await hosts[name]?.();
    const errors = host ? await check(name, host) : [];
    if (!host) console.log(`${name}: not installed, skipped`);
    for (const error of errors) console.error(`${name}: ${error}`);
    failed ||= errors.length > 0;
  } catch (error) {
    failed = true;
    console.error(`${name}: ${error}`);
  }
  host?.close();
}
process.exit(failed ? 1 : 0);
