/** Tables of comma-separated values by RFC 4180: quoted fields may contain separators, line ends and doubled quotes. */
import { readFileSync } from 'node:fs';
import { ArgumentError, FormatError, refuse } from '../../bindings/errors.ts';
import { tensor } from '../ops/index.ts';
import { checkOptions, FLAG, listed, noMore, VALUE } from '../options.ts';
import { charge, limitOf, withBudget } from '../tensor/budget.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A field: a number in columns of numbers (NaN if it is empty), otherwise a text. */
export type CsvValue = number | string;

/** Options of `readCsv` and `parseCsv`. */
export interface CsvOptions {
  /** Whether the first line names the columns; otherwise they are called '0', '1', …. Default true. */
  header?: boolean;
  /** The character that separates fields. Default ','. */
  delimiter?: string;
  /** The types of columns. Default: numbers if all fields that are not empty are numbers. */
  types?: Readonly<Record<string, 'number' | 'string'>>;
  /** Fields that the table may have; each line counts as 4 more. Default 67,108,864 (2^26), which take about a gigabyte. */
  maxElements?: number;
}

/** Fields that a table may have by default. */
const MOST_FIELDS = 2 ** 26;
/** The cost of a line in addition to its fields. */
const LINE_COST = 4;

/** A table with named columns. */
export class CsvTable {
  /** The index of each column; that of the first one if several have the same name. */
  readonly #places: ReadonlyMap<string, number>;

  constructor(
    /** Names of the columns, in order. */
    readonly columns: readonly string[],
    /** The fields of each line. */
    readonly rows: CsvValue[][],
  ) {
    if (arguments.length > 2) noMore('CsvTable', 2, arguments);
    this.#places = new Map(columns.map((name, i): [string, number] => [name, i]).reverse());
  }

  /** The number of lines. */
  get length(): number {
    return this.rows.length;
  }

  private indexOf(op: string, name: string): number {
    const at = this.#places.get(name);
    if (at !== undefined) return at;
    refuse(ArgumentError, op, `there is no column ${name} (columns: ${listed(this.columns)})`, {
      argument: 'name',
      got: name,
      expected: this.columns,
    });
  }

  /** The fields of a column. */
  column(name: string): CsvValue[] {
    if (arguments.length > 1) noMore('CsvTable.column', 1, arguments);
    const at = this.indexOf('column', name);
    return this.rows.map((row) => row[at]!);
  }

  /**
   * Columns of numbers as a float32 tensor [N, C].
   *
   * @param names default: all columns
   */
  toTensor(names: readonly string[] = this.columns): Tensor {
    if (arguments.length > 1) noMore('CsvTable.toTensor', 1, arguments);
    const places = names.map((name) => this.indexOf('toTensor', name));
    const values = new Float32Array(this.rows.length * places.length);
    let i = 0;
    for (const row of this.rows) {
      for (const [j, place] of places.entries()) {
        const value = row[place];
        if (typeof value !== 'number') {
          const problem = `column ${names[j]} contains ${JSON.stringify(value)}, which is not a number`;
          refuse(ArgumentError, 'toTensor', problem, { argument: 'names', got: value });
        }
        values[i++] = value;
      }
    }
    return tensor(values, { shape: [this.rows.length, names.length] });
  }
}

/** A decimal number. Each character can be matched in one way only, so that a test takes linear time. */
const NUMBER = /^\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*$/;

/** Lines of fields, as texts. */
function split(text: string, delimiter: string, name: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  const fail = (problem: string): never =>
    refuse(FormatError, 'parseCsv', `${name}: ${problem} in line ${lines.length + 1} of the table`, { argument: name });
  const quoted = (): string => {
    let field = '';
    for (;;) {
      const end = text.indexOf('"', at + 1);
      if (end < 0) fail('a quote is not closed');
      field += text.slice(at + 1, end);
      at = end + 1;
      if (text[at] !== '"') return field;
      field += '"';
    }
  };
  const plain = (): string => {
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
    return text.slice(start, at);
  };
  while (at < text.length) {
    const wasQuoted = text[at] === '"';
    charge(1);
    fields.push(wasQuoted ? quoted() : plain());
    const isLast = at >= text.length;
    if (!isLast && text[at] === delimiter) {
      at++;
      if (at < text.length) continue;
      fields.push('');
    } else if (!isLast && text[at] !== '\n' && text[at] !== '\r') {
      fail('text follows a closing quote');
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    const isBlank = fields.length === 1 && fields[0] === '' && !wasQuoted;
    if (!isBlank) {
      charge(LINE_COST);
      lines.push(fields);
    }
    fields = [];
  }
  return lines;
}

/**
 * The table in a text.
 *
 * @throws FormatError if lines have different numbers of fields, a quote is not closed, or there are more fields than `maxElements`
 * @example
 * const table = parseCsv('rooms,area\n3,70\n5,120\n');
 * table.toTensor(['rooms', 'area']).toArray(); // [[3, 70], [5, 120]]
 */
export function parseCsv(text: string, options: CsvOptions = {}, name = 'CSV'): CsvTable {
  if (arguments.length > 3) noMore('parseCsv', 3, arguments);
  const op = 'readCsv';
  checkOptions(op, options, { header: FLAG, delimiter: VALUE, types: VALUE, maxElements: VALUE });
  const { header = true, delimiter = ',', types = {}, maxElements } = options;
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    refuse(ArgumentError, op, `delimiter must be one character, got ${JSON.stringify(delimiter)}`, {
      argument: 'delimiter',
      got: delimiter,
    });
  }
  const limit = limitOf(op, maxElements, MOST_FIELDS, () => `${name}: the table has`);
  const lines = withBudget(limit, () => split(text, delimiter, name));
  const [first] = lines;
  if (first === undefined) refuse(FormatError, op, `${name}: the table is empty`, { argument: name });
  if (header) lines.shift();
  const columns = header ? first : first.map((_, j) => String(j));
  lines.forEach((line, i) => {
    if (line.length !== columns.length) {
      refuse(FormatError, op, `${name}: row ${i + 1} has ${line.length} fields, expected ${columns.length}`, {
        argument: name,
        got: line.length,
        expected: columns.length,
      });
    }
  });
  const known = new Set(columns);
  const unknown = Object.keys(types).find((column) => !known.has(column));
  if (unknown !== undefined) {
    refuse(ArgumentError, op, `types names ${unknown}, which is not a column (columns: ${listed(columns)})`, {
      argument: 'types',
      got: unknown,
    });
  }
  const isNumber = columns.map((column, j) => {
    if (Object.hasOwn(types, column)) return types[column] === 'number';
    const isEmptyOrNumber = (field = '') => field === '' || NUMBER.test(field);
    return lines.some((line) => line[j] !== '') && lines.every((line) => isEmptyOrNumber(line[j]));
  });
  const value = (field: string, j: number, i: number): number => {
    if (field === '') return Number.NaN;
    if (NUMBER.test(field)) return Number(field);
    refuse(FormatError, op, `${name}: row ${i + 1}, column ${columns[j]}: ${JSON.stringify(field)} is not a number`, {
      argument: name,
      got: field,
    });
  };
  // In place, because a table of texts and one of values would take twice the memory.
  lines.forEach((line, i) => {
    const row: CsvValue[] = line;
    line.forEach((field, j) => {
      if (isNumber[j]) row[j] = value(field, j, i);
    });
  });
  return new CsvTable(columns, lines);
}

/**
 * Reads a CSV file (UTF-8).
 *
 * @throws FormatError if it is not a table, or has more fields than `maxElements`
 * @example
 * const table = readCsv('houses.csv');
 * const x = table.toTensor(['rooms', 'area']);
 */
export function readCsv(path: string, options: CsvOptions = {}): CsvTable {
  if (arguments.length > 2) noMore('readCsv', 2, arguments);
  return parseCsv(readFileSync(path, 'utf8'), options, path);
}
