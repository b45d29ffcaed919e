/** What a gradient rule is. */
import type { Attributes, Context, Primitive } from '../../tape/primitives.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** From the gradient of the result to those of the inputs; null where there is none. */
export type Rule<A> = (g: Tensor, c: Context<A>) => (Tensor | null)[];

/** The rules of some primitives. */
export type Rules<P extends Primitive> = { readonly [Q in P]: Rule<Attributes[Q]> };
