/** The one-cycle schedule. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkFinite, checkOneOf, checkOptions, checkRange, checkWhole, kindsOf, noMore, VALUE } from '../options.ts';
import { LRScheduler, type Scheduled, type SchedulerState } from './scheduler.ts';
import { checkSize } from './settings.ts';

/** Options of `OneCycleLR`. */
export interface OneCycleLROptions {
  /** The highest rate, ≥ 0. */
  maxLr: number;
  /** The total number of steps. Default: epochs · stepsPerEpoch. */
  totalSteps?: number;
  /** Epochs to train for, if `totalSteps` is not given. */
  epochs?: number;
  /** Batches in an epoch, if `totalSteps` is not given. */
  stepsPerEpoch?: number;
  /** The share of the steps in which the rate grows. Default 0.3. */
  pctStart?: number;
  /** How the rate goes from one end of a phase to the other: along a cosine, or in a straight line. Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Move momentum (or the first of betas) in the opposite direction. Default true. */
  cycleMomentum?: boolean;
  /** The lowest momentum, at the highest rate. Default 0.85. */
  baseMomentum?: number;
  /** The highest momentum, at the lowest rate. Default 0.95. */
  maxMomentum?: number;
  /** The first rate is maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** The last rate is the first one / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** Go down to the first rate as fast as up, then to the last one. Default false. */
  threePhase?: boolean;
}

/** The total number of steps: given as such, or as epochs and batches; if both are given, they must agree. */
function stepsIn(op: string, { totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) checkWhole(op, 'totalSteps', totalSteps, 1);
  if (totalSteps !== undefined && epochs === undefined && stepsPerEpoch === undefined) return totalSteps;
  if (epochs === undefined || stepsPerEpoch === undefined)
    refuse(ArgumentError, op, 'needs totalSteps, or both epochs and stepsPerEpoch', {
      argument: 'totalSteps',
      got: totalSteps,
    });
  checkWhole(op, 'epochs', epochs, 1);
  checkWhole(op, 'stepsPerEpoch', stepsPerEpoch, 1);
  const steps = epochs * stepsPerEpoch;
  if (totalSteps === undefined || totalSteps === steps) return steps;
  refuse(ArgumentError, op, `totalSteps is ${totalSteps}, but ${epochs} epochs of ${stepsPerEpoch} are ${steps}`, {
    argument: 'totalSteps',
    got: totalSteps,
    expected: steps,
  });
}

/** A phase: the step at which it ends, and rate and momentum at both of its ends. */
interface Phase {
  end: number;
  lr: readonly [number, number];
  momentum: readonly [number, number];
}

type Group = { lr: number; momentum?: number; betas?: readonly [number, number] };
const groupsOf = (optimizer: Scheduled): readonly Group[] => optimizer.paramGroups;

/**
 * The rate grows from maxLr / divFactor to maxLr and then falls far below its first value; `step()` follows each batch
 * (Smith & Topin 2018).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 * @example
 * const schedule = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 100 });
 * optimizer.step();
 * schedule.step();
 */
export class OneCycleLR extends LRScheduler {
  private readonly options: Required<Omit<OneCycleLROptions, 'epochs' | 'stepsPerEpoch'>>;
  private readonly phases: Phase[];

  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    if (arguments.length > 2) noMore('OneCycleLR', 2, arguments);
    const op = 'OneCycleLR';
    super(optimizer, op);
    const defaults = {
      pctStart: 0.3,
      annealStrategy: 'cos',
      cycleMomentum: true,
      baseMomentum: 0.85,
      maxMomentum: 0.95,
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
    } as const;
    checkOptions(op, options, {
      maxLr: VALUE,
      totalSteps: VALUE,
      epochs: VALUE,
      stepsPerEpoch: VALUE,
      ...kindsOf<Omit<OneCycleLROptions, 'maxLr' | 'totalSteps' | 'epochs' | 'stepsPerEpoch'>>(defaults),
    });
    this.options = { ...defaults, ...options, totalSteps: stepsIn(op, options) };
    const { maxLr, pctStart, annealStrategy, cycleMomentum, baseMomentum, maxMomentum } = this.options;
    checkSize(op, 'maxLr', maxLr);
    checkRange(op, 'pctStart', pctStart, 0, 1);
    for (const name of ['divFactor', 'finalDivFactor'] as const) {
      checkFinite(op, name, this.options[name]);
      checkRange(op, name, this.options[name], Number.MIN_VALUE);
    }
    checkSize(op, 'baseMomentum', baseMomentum);
    checkSize(op, 'maxMomentum', maxMomentum);
    checkOneOf(op, 'annealStrategy', annealStrategy, ['cos', 'linear']);
    if (cycleMomentum && groupsOf(optimizer).some((g) => !g.betas && g.momentum === undefined)) {
      refuse(ArgumentError, op, 'the optimizer has no momentum to change; pass cycleMomentum: false', {
        argument: 'cycleMomentum',
      });
    }
    this.phases = this.plan();
    this.apply();
  }

  private plan(): Phase[] {
    const { maxLr, totalSteps, pctStart, divFactor, finalDivFactor, threePhase, baseMomentum, maxMomentum } =
      this.options;
    const first = maxLr / divFactor;
    const last = first / finalDivFactor;
    const up: Phase = { end: pctStart * totalSteps - 1, lr: [first, maxLr], momentum: [maxMomentum, baseMomentum] };
    const down = { lr: [maxLr, threePhase ? first : last], momentum: [baseMomentum, maxMomentum] } as const;
    if (!threePhase) return [up, { end: totalSteps - 1, ...down }];
    const rest: Phase = { end: totalSteps - 1, lr: [first, last], momentum: [maxMomentum, maxMomentum] };
    return [up, { end: 2 * pctStart * totalSteps - 2, ...down }, rest];
  }

  private between([from, to]: readonly [number, number], share: number): number {
    if (this.options.annealStrategy === 'linear') return from + (to - from) * share;
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  }

  /** The phase of a step, and the share of it that is over. */
  private place(step: number): { phase: Phase; share: number } {
    if (step > this.options.totalSteps - 1) {
      refuse(ArgumentError, 'OneCycleLR', `step ${step} of ${this.options.totalSteps}`, { got: step });
    }
    const at = this.phases.findIndex(({ end }, i) => step <= end || i === this.phases.length - 1);
    const start = this.phases[at - 1]?.end ?? 0;
    const phase = this.phases[at]!;
    return { phase, share: (step - start) / (phase.end - start) };
  }

  override checkState(op: string, state: unknown): SchedulerState {
    if (arguments.length > 2) noMore('OneCycleLR.checkState', 2, arguments);
    const known = super.checkState(op, state);
    const { totalSteps } = this.options;
    if (typeof known.lastEpoch === 'number' && known.lastEpoch >= totalSteps)
      refuse(ArgumentError, op, `lastEpoch is ${known.lastEpoch}, but there are ${totalSteps} steps`, {
        argument: 'state',
        got: known.lastEpoch,
      });
    return known;
  }

  protected override rate(_base: number, step: number): number {
    const { phase, share } = this.place(step);
    return this.between(phase.lr, share);
  }

  protected override apply(): void {
    super.apply();
    if (!this.options.cycleMomentum) return;
    const { phase, share } = this.place(this.lastEpoch);
    const momentum = this.between(phase.momentum, share);
    for (const group of groupsOf(this.optimizer)) {
      if (group.betas) group.betas = [momentum, group.betas[1]];
      else group.momentum = momentum;
    }
  }
}
