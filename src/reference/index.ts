/** The part that is loaded on demand: a file of its own, because bundlers warn when one file is imported both on demand and statically (gradcheck.ts). */
export { ReferenceExecutor } from './executor.ts';
