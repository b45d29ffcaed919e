/** The name of the method by which Node learns what `console.log` shows of an object. */
export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom');
