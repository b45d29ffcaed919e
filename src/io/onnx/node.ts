/** The nodes of an ONNX graph, and their attributes. */
import type { Literal } from './tensors.ts';

export type Attribute = number | string | number[] | string[] | Literal;

/** Whether an attribute is a tensor. */
export function isLiteral(value: Attribute | undefined): value is Literal {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Whether a list holds texts; an empty one holds numbers. */
export function isTexts(list: readonly number[] | readonly string[]): list is readonly string[] {
  return typeof list[0] === 'string';
}

export interface OnnxNode {
  op: string;
  /** For error messages: the node's own name, or that of its first output. */
  label: string;
  /** Names of values; '' stands for an absent one. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, Attribute>;
}
