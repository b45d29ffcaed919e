/**
 * How good predictions are, with scikit-learn's semantics: `metrics.f(yTrue, yPred, options)`.
 *
 * @module
 */
export {
  type Average,
  accuracy,
  type ConfusionOptions,
  confusionMatrix,
  f1,
  precision,
  recall,
  type ScoreOptions,
  type TopKOptions,
  topK,
} from './classification.ts';
export {
  type AucOptions,
  type AveragePrecisionOptions,
  averagePrecision,
  type PrCurve,
  type PrOptions,
  prCurve,
  type RocCurve,
  type RocOptions,
  rocAuc,
  rocCurve,
} from './curves.ts';
export {
  type LogLossOptions,
  logLoss,
  meanAbsoluteError,
  meanSquaredError,
  type R2Options,
  type RegressionOptions,
  r2,
} from './errors.ts';
export type { Label, Labels, Numbers } from './inputs.ts';
export { classificationReport, type Report, type ReportOptions, type ReportRow } from './report.ts';
