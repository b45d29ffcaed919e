/** The types of gradient rules. */
import type { Attributes, Context, Primitive } from '../../tape/primitives.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** From the gradient of the result to those of the inputs; null if an input has none. */
export type Rule<A> = (g: Tensor, c: Context<A>) => (Tensor | null)[];

/** The rules of primitives P. */
export type Rules<P extends Primitive> = { readonly [Q in P]: Rule<Attributes[Q]> };
