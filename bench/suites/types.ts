/** The form of a suite: its tasks are problems, offered to every library that can do them. */
import type { Task } from '../harness/types.ts';
import type { Library, Peer } from '../peers/types.ts';

export interface SuitePlan {
  name: string;
  title: string;
  notes: string[];
  peers: Peer[];
  /** Whether the peak loop is measured with each task. */
  peak?: boolean;
  /** The default major versions of Node to measure on; if absent, the current one and 24. */
  nodes?: string[];
  tasks: (libraries: Map<string, Library>) => Task[];
}
