/** Runs one test file in the runtime that loads this, and reports the outcome and which commands the GPU was given. */
import { startTests, type Task, type VitestRunnerConfig } from '@vitest/runner';
import { opcodes } from '../../../bindings/commands/table.ts';
import { init } from '../../../src/index.ts';
import { executorFor } from '../../../src/runtime/runtime.ts';
import type { WebGpuExecutor } from '../../../src/webgpu/executor.ts';
import { kernels } from '../../../src/webgpu/kernels.ts';

export interface Report {
  adapter: string;
  passed: number;
  /** Names and messages. */
  failed: string[];
  skipped: string[];
  /** Opcodes of commands that ran, and of those that the executor refuses. */
  ran: string[];
  refused: string[];
}

const config: VitestRunnerConfig = {
  root: '.',
  name: undefined,
  setupFiles: [],
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  // Shaders are made at their first use, on a CPU that emulates the GPU.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

/** Makes the kernels record which of them plan launches (true) and which throw (false). */
function watchKernels(): Map<string, boolean> {
  const called = new Map<string, boolean>();
  kernels.forEach((kernel, i) => {
    kernels[i] = (...args) => {
      called.set(opcodes[i]!, false);
      kernel(...args);
      called.set(opcodes[i]!, true);
    };
  });
  return called;
}

/** Adds a task and its subtasks to the report. */
function count(task: Task, path: string, report: Report): void {
  const name = path === '' ? task.name : `${path} › ${task.name}`;
  const messages = task.result?.errors?.map(({ message }) => message) ?? [];
  if (task.type === 'suite') for (const child of task.tasks) count(child, name, report);
  else if (task.mode === 'skip') report.skipped.push(name);
  else if (task.result?.state === 'pass') report.passed++;
  else if (messages.length === 0) messages.push(task.result?.state ?? task.mode);
  for (const message of messages) report.failed.push(`${name}: ${message}`);
}

/** Runs the tests of a module next to this one. */
export async function run(module: string): Promise<Report> {
  await init({ device: 'webgpu' });
  const { description, vendor, architecture } = (executorFor('webgpu') as WebGpuExecutor).gpu.adapterInfo;
  const adapter = description || `${vendor} ${architecture}`;
  const called = watchKernels();
  const [file] = await startTests([module], { config, importFile: (path) => import(path) });
  const of = (ran: boolean) => opcodes.filter((opcode) => called.get(opcode) === ran);
  const report: Report = { adapter, passed: 0, failed: [], skipped: [], ran: of(true), refused: of(false) };
  count(file!, '', report);
  return report;
}
