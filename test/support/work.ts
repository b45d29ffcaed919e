/** The work of commands that run immediately, for tests of how work scales. */
import type { Executor } from '../../bindings/executor.ts';
import { type Command, parse } from '../../src/program/commands.ts';

/** The number of elements that a command processes. */
function workOf(command: Command): number {
  const n = (...names: string[]) => names.reduce((product, name) => product * command.get(name), 1);
  switch (command.opcode) {
    case 'takeRows':
    case 'addRows':
      return n('outer', 'count', 'inner');
    case 'sgd':
      return command.get('index') === 0 ? n('n') : n('count', 'inner');
    case 'reduce':
      return n('outer', 'size', 'inner');
    case 'fill':
    case 'unary':
      return n('n');
    case 'copy':
    case 'binary':
      return Array.from({ length: n('ndim') }, (_, i) => command.words[command.offset('shape') + i]!).reduce(
        (a, b) => a * b,
        1,
      );
    case 'group':
    case 'strip':
      return command.parts.reduce((sum, part) => sum + workOf(part), 0);
    default:
      throw new Error(`how much work is ${command.opcode}?`);
  }
}

/** The number of elements processed by the commands of `fn` that an executor runs immediately. */
export function workIn(executor: Executor, fn: () => void): number {
  let work = 0;
  const { run } = executor;
  executor.run = function (this: Executor) {
    const { words, length } = this.program;
    for (const command of parse(words, length)) work += workOf(command);
    run.call(this);
  };
  try {
    fn();
  } finally {
    executor.run = run;
  }
  return work;
}
