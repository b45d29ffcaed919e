/** A table of precision, recall and F1 of every class, as text or as an object. scikit-learn's layout. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkOptions, checkRange, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import { type Average, labelPair, scores } from './classification.ts';
import { type Labels, labelsOf } from './inputs.ts';

/** Options of `classificationReport`. */
export interface ReportOptions {
  /** Which classes, in which order. Default: all that occur, in order. */
  labels?: Labels;
  /** What the classes are called, in the order of the labels. */
  targetNames?: readonly string[];
  /** Digits after the point. Default 2. */
  digits?: number;
  /** An object instead of text. Default false. */
  outputDict?: boolean;
  /** What a division by zero gives: 0, 1 or NaN. Default 0. */
  zeroDivision?: number;
}

/** One line of the report. */
export interface ReportRow {
  /** TP / (TP + FP), 0 … 1. */
  precision: number;
  /** TP / (TP + FN), 0 … 1. */
  recall: number;
  /** 2·precision·recall / (precision + recall), 0 … 1. */
  'f1-score': number;
  /** Examples of the class; in averages, of all classes of the report. */
  support: number;
}

/** The report as an object: a row for each class and each average; 'accuracy' is a number. */
export type Report = Record<string, ReportRow | number>;

/** A row of the report and its name. */
type Line = readonly [name: string, row: ReportRow];

const HEADERS = ['precision', 'recall', 'f1-score', 'support'] as const;
const AVERAGES = ['micro', 'macro', 'weighted'] as const;
const COLUMN = 9;
/** The most digits that toFixed gives; they write any number halfway between two of fewer digits in full. */
const MAX_DIGITS = 100;

/**
 * Precision, recall, F1 and number of examples of every class, with averages.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.classification_report.html
 * @example
 * const [yTrue, yPred] = [[0, 1, 1], [0, 1, 0]];
 * console.log(metrics.classificationReport(yTrue, yPred, { targetNames: ['cat', 'dog'] }));
 */
export function classificationReport(
  yTrue: Labels,
  yPred: Labels,
  options: ReportOptions & { outputDict: true },
): Report;
export function classificationReport(
  yTrue: Labels,
  yPred: Labels,
  options?: ReportOptions & { outputDict?: false },
): string;
export function classificationReport(yTrue: Labels, yPred: Labels, options: ReportOptions = {}): string | Report {
  if (arguments.length > 3) noMore('classificationReport', 3, arguments);
  const op = 'classificationReport';
  checkOptions(op, options, {
    labels: VALUE,
    targetNames: VALUE,
    digits: VALUE,
    outputDict: FLAG,
    zeroDivision: VALUE,
  });
  const { digits = 2, outputDict = false, zeroDivision = 0 } = options;
  checkWhole(op, 'digits', digits);
  checkRange(op, 'digits', digits, 0, MAX_DIGITS);
  const pair = labelPair(op, yTrue, yPred);
  const labels = options.labels === undefined ? pair.present : labelsOf(op, 'labels', options.labels);
  const names = options.targetNames ?? labels.map(String);
  if (names.length !== labels.length) {
    refuse(ArgumentError, op, `${labels.length} classes but ${names.length} targetNames; give the classes as labels`, {
      argument: 'targetNames',
      got: names.length,
      expected: labels.length,
    });
  }
  const rowsOf = (average: Average): ReportRow[] =>
    scores(op, pair, { labels, average, zeroDivision }).map(({ precision, recall, f1, support }) => ({
      precision,
      recall,
      'f1-score': f1,
      support,
    }));
  const classes = rowsOf(null).map((row, i): Line => [names[i]!, row]);
  const support = classes.reduce((sum, [, row]) => sum + row.support, 0);
  const wholeSet = new Set(labels);
  const isAccuracy = wholeSet.size === pair.present.length && pair.present.every((label) => wholeSet.has(label));
  const averages = AVERAGES.map(
    (average): Line => [
      average === 'micro' && isAccuracy ? 'accuracy' : `${average} avg`,
      { ...rowsOf(average)[0]!, support },
    ],
  );
  if (outputDict) {
    return Object.fromEntries(
      [...classes, ...averages].map(([name, row]) => [name, name === 'accuracy' ? row.precision : row]),
    );
  }
  return render(classes, averages, digits);
}

function render(classes: readonly Line[], averages: readonly Line[], digits: number): string {
  const width = Math.max(...classes.map(([name]) => name.length), 'weighted avg'.length, digits);
  const text = (value: number) => (Number.isNaN(value) ? 'nan' : fixed(value, digits));
  const line = (name: string, cells: readonly (string | number)[]) =>
    `${name.padStart(width)} ${cells.map((cell) => ` ${String(cell).padStart(COLUMN)}`).join('')}\n`;
  const lineOf = ([name, row]: Line) =>
    name === 'accuracy'
      ? line(name, ['', '', text(row['f1-score']), row.support])
      : line(name, [text(row.precision), text(row.recall), text(row['f1-score']), row.support]);
  return [line('', HEADERS), '\n', ...classes.map(lineOf), '\n', ...averages.map(lineOf)].join('');
}

/** Decimal text as Python writes it: numbers exactly halfway go to the even digit, where toFixed goes up. */
function fixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const full = value.toFixed(MAX_DIGITS);
  const cut = full.indexOf('.') + 1 + digits;
  if (!/^50*$/.test(full.slice(cut))) return rounded;
  const down = full.slice(0, digits === 0 ? cut - 1 : cut);
  return Number(down.at(-1)) % 2 === 0 ? down : rounded;
}
