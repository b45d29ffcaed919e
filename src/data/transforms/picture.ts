/** Images inside transforms: planes of floats, one for each channel. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../../bindings/errors.ts';
import { tensor } from '../../ops/index.ts';
import { show } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';

/** An image as decoders and canvases give it: pixels in rows, 1 (gray), 3 (RGB) or 4 (RGBA) bytes each. */
export interface ImageLike {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes 0 … 255, row by row, the bytes of a pixel side by side; alpha is ignored. */
  readonly data: ArrayLike<number>;
}

/** What transforms take: [C, H, W] float32, or an image of bytes. */
export type ImageInput = Tensor | ImageLike;

/** Planes of the same size, one after the other. */
export interface Picture {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** An image as planes: bytes become 0 … 1, and alpha is ignored. */
export function pictureOf(op: string, input: ImageInput): Picture {
  if (isTensor(input)) {
    if (input.ndim !== 3) {
      refuse(ShapeError, op, `an image must be [C,H,W], got ${show(input.shape)}`, {
        argument: 'image',
        got: input.shape,
      });
    }
    if (input.dtype !== 'float32') {
      refuse(DTypeError, op, `an image must be float32, got ${input.dtype}`, { argument: 'image', got: input.dtype });
    }
    const [channels = 0, height = 0, width = 0] = input.shape;
    return { channels, height, width, data: input.dataSync() as Float32Array };
  }
  const { width, height, data } = input ?? {};
  const pixels = width * height;
  const bytes = (data?.length ?? 0) / pixels;
  if (!(pixels > 0) || ![1, 3, 4].includes(bytes)) {
    refuse(
      ArgumentError,
      op,
      `expected a tensor [C,H,W] or an image { width, height, data } with 1, 3 or 4 bytes per pixel, got ${width}×${height} and ${data?.length} bytes`,
      { argument: 'image', got: input },
    );
  }
  const channels = bytes === 1 ? 1 : 3;
  const planes = new Float32Array(channels * pixels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < pixels; i++) planes[c * pixels + i] = data[i * bytes + c]! / 255;
  }
  return { channels, height, width, data: planes };
}

/** The tensor [C, H, W]. */
export function tensorOf({ channels, height, width, data }: Picture): Tensor {
  return tensor(data, { shape: [channels, height, width] });
}

/** A new picture with the elements that `fn` gives. */
export function drawn(
  channels: number,
  height: number,
  width: number,
  fn: (c: number, y: number, x: number) => number,
): Picture {
  const data = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[at++] = fn(c, y, x);
  return { channels, height, width, data };
}

/** The pixels of a rectangle; those outside the picture are 0. */
export function cropped(picture: Picture, top: number, left: number, height: number, width: number): Picture {
  const { data } = picture;
  return drawn(picture.channels, height, width, (c, y, x) => {
    const row = top + y;
    const col = left + x;
    const isInside = row >= 0 && row < picture.height && col >= 0 && col < picture.width;
    return isInside ? data[(c * picture.height + row) * picture.width + col]! : 0;
  });
}
