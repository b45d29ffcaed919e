/**
 * The worker pool: threads that help one executor with its commands (assembly/team/team.ts has the protocol). It starts
 * workers, writes which of them take part, and notices when one dies. It knows the team's block of memory and nothing else of it.
 *
 * Workers are unref'ed: a process ends with its pool running. A worker that dies between two runs costs only its help:
 * the leader does the shares that no worker takes. Its end is reported by a warning, and the pool goes on without it.
 */
import { warn } from '../warn.ts';
import { spawn, type ThreadWorker } from './worker.ts';

/** Threads that a team has room for, the caller's among them. */
export const MAX_THREADS = 64;

const LINE_BYTES = 64;
const CELL_TABLE_BYTES = 64;
const FIRST_CELL_BYTES = CELL_TABLE_BYTES + MAX_THREADS * 4;
const SHARE_WORD = 1;
const IDLE = 0;
const QUIT = 6;
/** Milliseconds that a worker may take to start. */
const START_TIMEOUT = 10_000;

/** Elements of memory that a team of this many threads needs, at a multiple of 64 bytes. */
export function teamElements(threads: number): number {
  return (FIRST_CELL_BYTES + (threads - 1) * LINE_BYTES) / 4;
}

interface Member {
  worker: ThreadWorker;
  /** Byte address of its cell. */
  cell: number;
}

export class WorkerPool {
  /** Threads that run programs, the caller's among them. */
  threads = 1;
  /** Why there are fewer threads than were asked for. */
  note: string | undefined;
  private members: Member[] = [];
  private wanted = 1;
  private stopped = false;

  /** `team` is the byte address of the team's block, which has room for `capacity` threads. */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly team: number,
    private readonly capacity: number,
    private readonly workerUrl: URL | string | null,
  ) {}

  /** Threads that can be used: the caller's and the live workers. */
  get available(): number {
    return this.members.length + 1;
  }

  /** Starts all workers and waits until each has started or failed. */
  async start(module: WebAssembly.Module): Promise<void> {
    const { memory, team } = this;
    const words = new Int32Array(memory.buffer);
    const starts = Array.from({ length: this.capacity - 1 }, async (_, i) => {
      const cell = team + FIRST_CELL_BYTES + i * LINE_BYTES;
      Atomics.store(words, cell / 4, IDLE);
      const worker = spawn({ module, memory, team, cell }, START_TIMEOUT, this.workerUrl);
      worker.ended.then((reason) => this.lose(worker, reason));
      await worker.ready;
      if (this.stopped) worker.terminate();
      else this.members.push({ worker, cell });
    });
    const failures = (await Promise.allSettled(starts)).filter((result) => result.status === 'rejected');
    if (failures.length > 0) {
      this.note = `${failures.length} of ${this.capacity - 1} workers did not start: ${String(failures[0]!.reason?.message ?? failures[0]!.reason)}`;
    }
    this.use(this.capacity);
  }

  /** Uses this many threads, or all if there are fewer. */
  use(threads: number): void {
    this.wanted = threads;
    this.threads = Math.min(threads, this.available);
    const words = new Int32Array(this.memory.buffer);
    this.members.forEach(({ cell }, i) => {
      words[(this.team + CELL_TABLE_BYTES) / 4 + i] = cell;
      words[cell / 4 + SHARE_WORD] = i + 1;
    });
  }

  /** Ends all workers; from then on only the caller's thread works. */
  stop(note?: string): void {
    this.stopped = true;
    this.note = note ?? this.note;
    const words = new Int32Array(this.memory.buffer);
    const { members } = this;
    this.members = [];
    this.use(1);
    for (const { worker, cell } of members) {
      Atomics.store(words, cell / 4, QUIT);
      Atomics.notify(words, cell / 4);
      worker.terminate();
    }
  }

  /** A worker is gone. */
  private lose(worker: ThreadWorker, reason: string): void {
    const at = this.members.findIndex((member) => member.worker === worker);
    if (at < 0) return;
    this.members.splice(at, 1);
    this.use(this.wanted);
    this.note = `a worker ended (${reason})`;
    warn(`saraf: ${this.note}; going on with ${this.threads} thread${this.threads === 1 ? '' : 's'}`);
  }
}
