/** How a suite is written down: its tasks are problems, offered to every library that can do them. */
import type { Task } from '../harness/types.ts';
import type { Library, Peer } from '../peers/types.ts';

export interface SuitePlan {
  name: string;
  title: string;
  notes: string[];
  peers: Peer[];
  /** Whether the peak loop runs beside each task. */
  peak?: boolean;
  /** Major versions of Node to measure on, where nothing else is said; the current one and 24 otherwise. */
  nodes?: string[];
  tasks: (libraries: Map<string, Library>) => Task[];
}
