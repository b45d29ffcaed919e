import type { ReferenceKernel } from './heap.ts';

export const kernels: ReferenceKernel[] = [];
