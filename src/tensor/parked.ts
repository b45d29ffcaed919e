/**
 * What storages that have left the heap hold. The garbage collector frees them, and tells so when it has time, which it never has inside
 * synchronous code: until then they count.
 */
import type { NumericArray } from '../../bindings/executor.ts';
import type { Recipe } from './rowsOf.ts';

/** What the storages that share a ticket hold. */
interface Count {
  bytes: number;
  tensors: number;
}

/** All parked storages together. */
export const parkedTotal: Count = { bytes: 0, tensors: 0 };

/** Is collected with the storages that have it. */
class Ticket {
  members = 0;
  readonly count: Count = { bytes: 0, tensors: 0 };
}

/** The elements of a parked storage. */
export interface Parked {
  /** Its elements, how to make them again, or null if they are of no value. */
  readonly elements: NumericArray | Recipe | null;
  readonly ticket: Ticket;
  readonly bytes: number;
  tensors: number;
}

/** Bytes up to which storages share a ticket, and how many do: what the collector is asked to report costs memory itself. */
const SMALL = 1024;
const MEMBERS = 64;

const reports =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<Count>(({ bytes, tensors }) => add(-bytes, -tensors));

/** The ticket for small storages. */
let shared: Ticket | null = null;

function add(bytes: number, tensors: number): void {
  parkedTotal.bytes += bytes;
  parkedTotal.tensors += tensors;
}

function issue(): Ticket {
  const ticket = new Ticket();
  reports?.register(ticket, ticket.count);
  return ticket;
}

function ticketFor(bytes: number): Ticket {
  if (bytes > SMALL) return issue();
  shared ??= issue();
  const ticket = shared;
  if (++ticket.members === MEMBERS) shared = null;
  return ticket;
}

/** Counts a storage that is parked: the bytes of its block, and how many tensors are on it. */
export function countParked(elements: Parked['elements'], bytes: number, tensors: number): Parked {
  const ticket = ticketFor(bytes);
  ticket.count.bytes += bytes;
  ticket.count.tensors += tensors;
  add(bytes, tensors);
  return { elements, ticket, bytes, tensors };
}

/** There are more tensors on a parked storage, or fewer. */
export function recountParked(parked: Parked, change: number): void {
  parked.tensors += change;
  parked.ticket.count.tensors += change;
  add(0, change);
}

/** The storage is back, or nobody needs it. */
export function countBack({ ticket: { count }, bytes, tensors }: Parked): void {
  count.bytes -= bytes;
  count.tensors -= tensors;
  add(-bytes, -tensors);
}
