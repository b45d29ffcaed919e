/** What needs a file system. */
export { FormatError, parseIdx } from './idx.ts';
export { type Mnist, mnist } from './mnist.ts';
