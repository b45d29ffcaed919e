/** Film reviews with their sentiments (Maas and others 2011), from a CSV file with the columns review and sentiment. */

import { FormatError, refuse } from '../../bindings/errors.ts';
import { checkOptions, listed, noMore, VALUE } from '../options.ts';
import { type CsvOptions, readCsv } from './csv.ts';

/** Reviews, and whether each is positive (1) or negative (0). */
export interface Imdb {
  /** The reviews, in the order of the file. */
  texts: string[];
  /** 1 or 0 for each review. */
  labels: number[];
}

const SENTIMENTS = new Map([
  ['negative', 0],
  ['positive', 1],
  ['0', 0],
  ['1', 1],
]);

/**
 * Reads film reviews with their sentiments (Maas and others 2011) from a CSV file with the columns review and sentiment. HTML
 * line breaks in them become spaces.
 *
 * @param options maxElements: fields that the table may have, as in `readCsv`
 * @throws FormatError if a column is missing, a sentiment is neither positive nor negative, or there are too many fields
 * @see https://ai.stanford.edu/~amaas/data/sentiment/
 * @example
 * const { texts, labels } = imdb('IMDB Dataset.csv');
 */
export function imdb(csvPath: string, options: Pick<CsvOptions, 'maxElements'> = {}): Imdb {
  if (arguments.length > 2) noMore('imdb', 2, arguments);
  checkOptions('imdb', options, { maxElements: VALUE });
  const table = readCsv(csvPath, options);
  for (const name of ['review', 'sentiment']) {
    if (!table.columns.includes(name)) {
      refuse(FormatError, 'imdb', `${csvPath}: there is no column ${name} (columns: ${listed(table.columns)})`, {
        argument: 'csvPath',
      });
    }
  }
  return {
    texts: table.column('review').map((text) => String(text).replace(/<br\s*\/?>/gi, ' ')),
    labels: table.column('sentiment').map((given, i) => {
      const label = SENTIMENTS.get(String(given).trim().toLowerCase());
      if (label !== undefined) return label;
      return refuse(
        FormatError,
        'imdb',
        `${csvPath}: row ${i + 1}: sentiment must be positive or negative, got ${given}`,
        { argument: 'csvPath', got: given },
      );
    }),
  };
}
