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
  tasks: (libraries: Map<string, Library>) => Task[];
}
