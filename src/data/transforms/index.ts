/**
 * Images changed and augmented: tensors [C, H, W] or images of bytes in, tensors [C, H, W] out.
 *
 * @module
 */
export { ColorJitter, type ColorJitterOptions, type Jitter, Normalize } from './color.ts';
export {
  CenterCrop,
  type FlipOptions,
  RandomHorizontalFlip,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  RandomRotation,
  Resize,
  type ResizeOptions,
  type RotationOptions,
} from './geometry.ts';
export type { ImageInput, ImageLike } from './picture.ts';
export type { Interpolation } from './resize.ts';
export { Compose, type Size, Transform } from './transform.ts';
