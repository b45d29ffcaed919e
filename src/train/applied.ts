import type { Module } from '../nn/module.ts';

/** What a module gives for these inputs. How many it takes only its own `forward` says. */
export function applied(module: Module, inputs: readonly unknown[]): unknown {
  return module.forward(...(inputs as never[]));
}
