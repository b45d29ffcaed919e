/** The form of the modules with the numbers. */

/** @internal What the modules with the numbers export. */
export interface StoredSet {
  /** One line for each example: its features and its class, with commas between them. */
  rows: string;
  featureNames: string[];
  targetNames: string[];
}
