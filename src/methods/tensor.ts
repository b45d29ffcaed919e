/** The methods of tensors: importing this file installs them. */
import type { Shape } from '../tensor/shapes.ts';
import { Tensor } from '../tensor/tensor.ts';
import { ArithmeticMethods } from './arithmetic.ts';
import { MathMethods } from './generated/mathMethods.ts';
import { InPlaceMethods } from './inPlace.ts';
import { refuseMistakes } from './mistakes.ts';
import { ReadingMethods } from './reading.ts';
import { ReductionMethods } from './reductions.ts';
import { ShapeMethods } from './shape.ts';

declare module '../tensor/tensor.ts' {
  interface Tensor<S extends Shape = Shape>
    extends MathMethods,
      ArithmeticMethods,
      ReductionMethods,
      ShapeMethods<S>,
      InPlaceMethods,
      ReadingMethods {}
}

for (const { prototype } of [
  MathMethods,
  ArithmeticMethods,
  ReductionMethods,
  ShapeMethods,
  InPlaceMethods,
  ReadingMethods,
]) {
  const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(prototype);
  Object.defineProperties(Tensor.prototype, methods);
}
refuseMistakes(Tensor.prototype);
