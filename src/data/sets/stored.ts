/** The form in which the modules of this folder hold their numbers. */

/** @internal A table of examples and their classes. */
export interface StoredSet {
  /** One line for each example: its features and its class, separated by commas. */
  rows: string;
  featureNames: string[];
  targetNames: string[];
}
