/**
 * PyTorch in a Python process that lives as long as the suite: native code with the machine's widest SIMD, so it is more
 * a yardstick than a peer. Requests are JSON lines, answered in order; arrays travel as files of float32; the times
 * are measured over there (pytorch.py).
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Prepared } from '../harness/types.ts';
import { benchFolder } from './load.ts';
import { NETWORK_CHECKED_STEPS, wantedOf } from './network.ts';
import { CHECKED_STEPS, type Peer } from './types.ts';

const PYTHON = '/usr/bin/python3';

interface Reply {
  error?: string;
  ms?: number;
  version?: string;
}
interface Waiter {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

class Python {
  readonly folder = mkdtempSync(join(tmpdir(), 'saraf-bench-'));
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: Waiter[] = [];
  private files = 0;
  private handles = 0;

  constructor(threads: number) {
    const count = `${threads}`;
    const counts = { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count };
    this.child = spawn(PYTHON, [join(benchFolder, 'peers/pytorch.py'), count], {
      env: { ...process.env, ...counts },
    });
    let complaint = '';
    this.child.stderr.on('data', (text) => {
      complaint += text;
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const reply: Reply = JSON.parse(line);
      const waiter = this.waiting.shift();
      if (reply.error === undefined) waiter?.resolve(reply);
      else waiter?.reject(new Error(reply.error));
    });
    const ended = (error?: Error) => {
      const reason = error?.message ?? complaint.trim().split('\n').at(-1) ?? '';
      for (const waiter of this.waiting.splice(0)) waiter.reject(new Error(reason || `${PYTHON} has ended`));
    };
    this.child.on('error', ended);
    this.child.on('close', () => ended());
    this.child.stdin.on('error', () => undefined);
  }

  ask(request: object): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  file(data: Float32Array | Int32Array): string {
    const path = join(this.folder, `${this.files++}.f32`);
    writeFileSync(path, Float32Array.from(data));
    return path;
  }

  async prepare(task: object, calls = 1): Promise<Prepared> {
    const handle = this.handles++;
    await this.ask({ command: 'setup', handle, task });
    return {
      time: async (reps) => {
        const { ms = Number.NaN } = await this.ask({ command: 'time', handle, reps });
        return ms;
      },
      output: async () => {
        const path = join(this.folder, 'output.f32');
        await this.ask({ command: 'output', handle, path, calls });
        return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
      },
      dispose: () => void this.ask({ command: 'dispose', handle }),
    };
  }

  close(): void {
    this.child.stdin.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const pytorchThreads = (name: string, threads: number): Peer => ({
  name,
  open: async () => {
    const python = new Python(threads);
    const { version = '' } = await python.ask({ command: 'version' }).catch((error) => {
      python.close();
      throw error;
    });
    const file = (data: Float32Array | Int32Array) => python.file(data);
    return {
      version,
      note: `${threads === 1 ? 'one thread' : `${threads} threads`}, float32, native code`,
      gemm: (problem) => python.prepare({ kind: 'gemm', ...problem, a: file(problem.a), b: file(problem.b) }),
      elementwise: (problem) =>
        python.prepare({ kind: 'elementwise', ...problem, x: file(problem.x), other: file(problem.other) }),
      planes: (problem) => python.prepare({ kind: 'planes', ...problem, x: file(problem.x), g: file(problem.g) }),
      train: ({ layers, batch, lr, loss, x, optimizer = 'sgd' }) =>
        python.prepare(
          {
            kind: 'train',
            batch,
            lr,
            optimizer,
            loss: loss.kind,
            x: file(x),
            y: file(loss.kind === 'mse' ? loss.targets : loss.labels),
            layers: layers.map((layer) => ({ ...layer, weight: file(layer.weight), bias: file(layer.bias) })),
          },
          CHECKED_STEPS,
        ),
      conv: ({ g, ...problem }) =>
        python.prepare({
          kind: 'conv',
          ...problem,
          x: file(problem.x),
          weight: file(problem.weight),
          g: g === null ? null : file(g),
        }),
      network: ({ loss, x, optimizer = 'adam', ...problem }) => {
        const wanted = loss && wantedOf(loss);
        return python.prepare(
          {
            kind: 'network',
            ...problem,
            optimizer,
            x: file(x),
            integers: x instanceof Int32Array,
            loss: loss?.kind ?? null,
            wanted: wanted === undefined ? null : file(wanted),
          },
          loss === undefined ? 1 : NETWORK_CHECKED_STEPS,
        );
      },
      close: () => python.close(),
    };
  },
});

export const pytorch: Peer = pytorchThreads('PyTorch', 1);
