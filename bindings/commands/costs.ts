/** What all commands cost: the rows of all families. Only the build reads it. */

import { convCosts } from './conv.ts';
import type { CostRow } from './cost.ts';
import { elementwiseCosts } from './elementwise.ts';
import { gemmCosts } from './gemm.ts';
import { indexCosts } from './index.ts';
import { normCosts } from './norm.ts';
import { optimCosts } from './optim.ts';
import { poolCosts } from './pool.ts';
import { quantizedCosts } from './quantized.ts';
import { randomCosts } from './random.ts';
import { recurrentCosts } from './recurrent.ts';
import { reduceCosts } from './reduce.ts';
import { resizeCosts } from './resize.ts';
import { softmaxCosts } from './softmax.ts';
import type { Opcode } from './table.ts';
import { winogradCosts } from './winograd.ts';

/** A strip or a group costs what its commands do. */
export const costs: Record<Exclude<Opcode, 'strip' | 'group'>, CostRow> = {
  ...elementwiseCosts,
  ...reduceCosts,
  ...softmaxCosts,
  ...gemmCosts,
  ...indexCosts,
  ...optimCosts,
  ...randomCosts,
  ...poolCosts,
  ...normCosts,
  ...resizeCosts,
  ...convCosts,
  ...winogradCosts,
  ...recurrentCosts,
  ...quantizedCosts,
};
