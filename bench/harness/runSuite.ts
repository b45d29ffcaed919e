/**
 * Runs one suite in this process: opens the libraries, sets up each task's contenders, checks their outputs, measures
 * them side by side. A contender that fails, at whatever point, is left out with the reason; the rest go on.
 */
import os from 'node:os';
import { peakLoop } from '../peers/peak.ts';
import type { Library, Peer } from '../peers/types.ts';
import type { SuitePlan } from '../suites/types.ts';
import { measure } from './measure.ts';
import type { Contender, MeasureOptions, PeerInfo, Prepared, SuiteResult, Task, TaskResult } from './types.ts';
import { PEAK } from './types.ts';

export interface RunOptions extends MeasureOptions {
  quick: boolean;
  /** Only tasks whose names contain this text. */
  only?: string | undefined;
  /** Called with each task's result as soon as it is there. */
  onTask: (result: TaskResult) => void;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  const [line = ''] = text.split('\n', 1);
  return isMissing ? 'cannot be imported: not installed' : line.slice(0, 200);
}

async function openAll(peers: Peer[]): Promise<{ libraries: Map<string, Library>; infos: PeerInfo[] }> {
  const libraries = new Map<string, Library>();
  const infos: PeerInfo[] = [];
  for (const { name, open } of peers) {
    try {
      const library = await open();
      libraries.set(name, library);
      infos.push({ name, version: library.version, note: library.note });
    } catch (error) {
      infos.push({ name, absent: reasonOf(error) });
    }
  }
  return { libraries, infos };
}

async function openPeak(infos: PeerInfo[]): Promise<Contender[]> {
  try {
    const { variant, flops, run } = await peakLoop();
    infos.push({ name: PEAK, version: 'this tree', note: `one thread, ${variant} SIMD, registers only` });
    return [{ name: PEAK, flops, setup: () => ({ run }) }];
  } catch (error) {
    infos.push({ name: PEAK, absent: reasonOf(error) });
    return [];
  }
}

async function runTask(task: Task, options: MeasureOptions): Promise<TaskResult> {
  const excluded: Record<string, string> = {};
  const failed = (name: string, error: unknown) => {
    excluded[name] = reasonOf(error);
  };
  const ready = new Map<string, Prepared>();
  const flops = new Map(task.contenders.map((contender) => [contender.name, contender.flops ?? task.flops]));
  for (const { name, setup } of task.contenders) {
    try {
      const prepared = await setup();
      if (prepared === undefined) continue;
      prepared.select?.();
      const output = await prepared.output?.();
      const wrong = output && task.check?.(output);
      if (wrong) {
        excluded[name] = `wrong result: ${wrong}`;
        prepared.dispose?.();
      } else ready.set(name, prepared);
    } catch (error) {
      failed(name, error);
    }
  }
  const timings = await measure(ready, options, failed);
  for (const prepared of ready.values()) {
    prepared.select?.();
    prepared.dispose?.();
  }
  for (const timing of timings) {
    const count = flops.get(timing.name);
    if (count !== undefined) timing.flops = count;
  }
  const { name, flops: operations, samples } = task;
  return {
    name,
    ...(operations !== undefined && { flops: operations }),
    ...(samples !== undefined && { samples }),
    timings,
    excluded,
  };
}

export async function runSuite(plan: SuitePlan, options: RunOptions): Promise<SuiteResult> {
  const { libraries, infos } = await openAll(plan.peers);
  const peak = plan.peak ? await openPeak(infos) : [];
  const tasks: TaskResult[] = [];
  for (const task of plan.tasks(libraries)) {
    if (options.only !== undefined && !task.name.includes(options.only)) continue;
    const result = await runTask({ ...task, contenders: [...task.contenders, ...peak] }, options);
    tasks.push(result);
    options.onTask(result);
  }
  for (const library of libraries.values()) library.close?.();
  return {
    suite: plan.name,
    title: plan.title,
    notes: plan.notes,
    node: process.versions.node,
    v8: process.versions.v8,
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}`,
    command: `npm run bench -- ${plan.name}`,
    rounds: options.rounds,
    quick: options.quick,
    peers: infos,
    tasks,
  };
}
