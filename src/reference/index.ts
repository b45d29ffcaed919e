/** What is loaded on demand: a file of its own, as bundlers warn where a file is wanted on demand here and at once there (gradcheck.ts). */
export { ReferenceExecutor } from './executor.ts';
