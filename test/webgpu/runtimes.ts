/**
 * The tests of WebGPU, and smoke.js against the built package, in Node, headless Chromium, and Deno with each software GPU: `npx tsx
 * test/webgpu/runtimes.ts [runtime …]`. A runtime that is not installed (for Node: no Vulkan driver) is named and skipped; it fails when
 * a test fails in one of them, or when one has not run every opcode. Deno is that of test/runtimes (`npm ci` there), or the one on
 * the path.
 */
import { fileURLToPath } from 'node:url';
import { opcodes } from '../../bindings/commands/table.ts';
import { bundleTests } from './everywhere/bundle.ts';
import { type Host, hosts } from './everywhere/hosts.ts';
import type { Report } from './everywhere/main.ts';

const FOLDER = 'out/webgpu';

/** Runs all there is. Returns what went wrong. */
async function check(name: string, host: Host, files: readonly string[]): Promise<string[]> {
  const start = performance.now();
  console.log(`${name}: ${await host.call('test/webgpu/smoke.js')}`);
  const reports: Report[] = [];
  for (const file of files) reports.push((await host.call(`${FOLDER}/main.js`, `./${file}.js`)) as Report);
  const failed = reports.flatMap((report) => report.failed);
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const [ran, refused] = (['ran', 'refused'] as const).map((kind) =>
    opcodes.filter((opcode) => reports.some((report) => report[kind].includes(opcode))),
  ) as [string[], string[]];
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const adapters = new Set(reports.map(({ adapter }) => adapter));
  console.log(`${name}, ${[...adapters].join(', ')}: ${passed} tests passed, ${failed.length} failed, in ${seconds} s`);
  console.log(`${name}: ${ran.length} opcodes ran: ${ran.join(', ')}; for the CPU alone: ${refused.join(', ')}`);
  const missing = opcodes.filter((opcode) => !ran.includes(opcode) && !refused.includes(opcode));
  return [...failed, ...missing.map((opcode) => `no test runs the opcode ${opcode}`)];
}

const wanted = process.argv.slice(2);
const files = await bundleTests(fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url)));
let failed = false;
for (const name of wanted.length === 0 ? Object.keys(hosts) : wanted) {
  let host: Host | null | undefined;
  try {
    host = await hosts[name]?.();
    const errors = host ? await check(name, host, files) : [];
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
