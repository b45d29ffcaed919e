/**
 * The errors that bad input meets. Each names the operation, the argument, what came and what was expected, as text and
 * as fields. They are thrown in bindings/ and src/ before any command runs; kernels trust their caller.
 */

/** What went wrong, as fields. */
export interface ErrorDetail {
  /** The operation that refused. */
  op?: string;
  /** The argument that it refused. */
  argument?: string;
  /** What came. */
  got?: unknown;
  /** What was expected. */
  expected?: unknown;
}

/** Base of all errors that saraf throws on purpose. */
export class SarafError extends Error implements ErrorDetail {
  /** The name of the class, to tell errors by where `instanceof` cannot: two copies of the package, another thread. */
  override name = 'SarafError';
  readonly op?: string;
  readonly argument?: string;
  readonly got?: unknown;
  readonly expected?: unknown;

  constructor(message: string, detail: ErrorDetail = {}) {
    super(message);
    this.op = detail.op;
    this.argument = detail.argument;
    this.got = detail.got;
    this.expected = detail.expected;
  }
}

/** Shapes or sizes do not fit. */
export class ShapeError extends SarafError {
  override name = 'ShapeError';
}

/** An element type that the operation does not take. */
export class DTypeError extends SarafError {
  override name = 'DTypeError';
}

/** Tensors of different devices, or an operation that a device does not have. */
export class DeviceError extends SarafError {
  override name = 'DeviceError';
}

/** A tensor, array or module was used after it had been disposed. */
export class DisposedError extends SarafError {
  override name = 'DisposedError';
}

/** An argument outside its domain: an unknown option, a negative size, an index out of range. */
export class ArgumentError extends SarafError {
  override name = 'ArgumentError';
}

/** The heap cannot hold what was asked for. */
export class OutOfMemoryError extends SarafError {
  override name = 'OutOfMemoryError';
}

/** Gradients were asked for where there are none: no graph, a graph already freed, a value changed in place. */
export class AutogradError extends SarafError {
  override name = 'AutogradError';
}

/** What `compile` cannot record: reading a value inside, or control flow that depends on one. */
export class TraceError extends SarafError {
  override name = 'TraceError';
}

/** A file or its bytes are not what their format says. */
export class FormatError extends SarafError {
  override name = 'FormatError';
}

/**
 * Throws that an operation does not take what it was given: `refuse(ShapeError, 'dot', 'expected two vectors', { got: x.shape })` throws
 * "dot: expected two vectors".
 */
export function refuse(
  Kind: new (message: string, detail?: ErrorDetail) => SarafError,
  op: string,
  problem: string,
  detail?: Omit<ErrorDetail, 'op'>,
): never {
  throw new Kind(`${op}: ${problem}`, { op, ...detail });
}
