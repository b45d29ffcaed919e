/** A node of an ONNX graph. */
import type { Literal } from './tensors.ts';

export type Attribute = number | string | number[] | string[] | Literal;

export interface OnnxNode {
  op: string;
  /** For error messages: the node's own name, or that of its first output. */
  label: string;
  /** '' for one that is absent. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, Attribute>;
}
