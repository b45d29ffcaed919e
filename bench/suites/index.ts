/** All suites, in the order in which they run and are reported. */

import { batch } from './batch.ts';
import { cnnStep } from './cnnStep.ts';
import { coldStart } from './coldStart.ts';
import { conv } from './conv.ts';
import { elementwise } from './elementwise.ts';
import { embedding } from './embedding.ts';
import { gemm } from './gemm.ts';
import { lstmStep } from './lstmStep.ts';
import { memory } from './memory.ts';
import { mlpStep } from './mlpStep.ts';
import { placement } from './placement.ts';
import { poolNorm } from './poolNorm.ts';
import { programs } from './programs.ts';
import { qgemm } from './qgemm.ts';
import { resnet18 } from './resnet18.ts';
import { runtimes } from './runtimes.ts';
import { sentimentStep } from './sentimentStep.ts';
import { streaming } from './streaming.ts';
import { threads } from './threads.ts';
import type { SuitePlan } from './types.ts';
import { webgpu } from './webgpu.ts';
import { xorStep } from './xorStep.ts';

export const suites: SuitePlan[] = [
  gemm,
  qgemm,
  elementwise,
  conv,
  poolNorm,
  mlpStep,
  xorStep,
  programs,
  memory,
  cnnStep,
  resnet18,
  lstmStep,
  sentimentStep,
  embedding,
  streaming,
  threads,
  batch,
  runtimes,
  coldStart,
  placement,
  webgpu,
];
