/** Programs as text for people: one line per command. */
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { Activation, ArgReduceFn, BinaryFn, RandomFn, ReduceFn, UnaryFn } from '../../bindings/generated/encode.ts';
import type { Command } from './commands.ts';
import { costOf, sumOfCosts } from './cost.ts';
import type { Replay } from './replay.ts';

const nameIn = (list: Record<string, number>, code: number): string =>
  Object.keys(list).find((name) => list[name] === code) ?? String(code);

function dims(command: Command): number[] {
  const at = command.offset('shape');
  return Array.from(command.words.subarray(at, at + command.get('ndim')));
}

/** Fields that tell the size of a command: the first of these that it has. */
const usualSizes = [
  ['rows', 'cols'],
  ['outer', 'channels', 'spatial'],
  ['outer', 'groups', 'size'],
  ['outer', 'count', 'inner'],
  ['outer', 'size', 'inner'],
  ['planes', 'inSize'],
  ['outChannels', 'inChannels'],
  ['steps', 'batch', 'hiddenSize'],
  ['k', 'n'],
  ['n'],
];

/** The sizes that a command works on. */
export function commandSizes(command: Command): string {
  const show = (...names: string[]) => names.map((name) => command.get(name)).join('×');
  const image = () => show('batch', 'inChannels', 'height', 'width');
  const kernel = () => show('outChannels', 'kernelHeight', 'kernelWidth');
  switch (command.opcode) {
    case 'copy':
    case 'binary':
    case 'where':
      return dims(command).join('×') || '1';
    case 'gemm':
      return `${command.get('batch') > 1 ? `${command.get('batch')} of ` : ''}${show('m', 'k')} · ${show('k', 'n')}`;
    case 'qgemm':
      return `${show('m', 'k')} · ${show('k', 'n')}`;
    case 'conv':
    case 'convInputGrad':
    case 'convWeightGrad':
      return `${image()} · ${kernel()}${command.get('strideHeight') > 1 ? ` / ${command.get('strideHeight')}` : ''}`;
    case 'winogradConv':
    case 'winogradGrad':
      return `${image()} · ${command.get('outChannels')}`;
    case 'im2col':
      return `${image()} · ${kernel()}`;
    case 'maxPool':
    case 'avgPool':
    case 'avgPoolGrad':
    case 'resize':
    case 'resizeGrad':
      return `${show('planes', 'height', 'width')} · ${show('outHeight', 'outWidth')}`;
    case 'recurrent':
      return `${show('steps', 'batch', 'inputSize')} to ${command.get('hiddenSize')}`;
    case 'sgd':
      return command.get('index') === 0 ? show('n') : show('count', 'inner');
    case 'group': {
      const sizes = command.parts.map(commandSizes);
      return sizes.length > 4 ? `${sizes.slice(0, 3).join(', ')}, …` : sizes.join(', ');
    }
    default:
      return show(...(usualSizes.find((names) => names.every((name) => command.has(name))) ?? []));
  }
}

/** What a command computes. */
export function commandName(command: Command): string {
  switch (command.opcode) {
    case 'unary':
      return nameIn(UnaryFn, command.get('fn'));
    case 'binary':
      return nameIn(BinaryFn, command.get('fn'));
    case 'reduce':
      return nameIn(ReduceFn, command.get('fn'));
    case 'argReduce':
      return `arg ${nameIn(ArgReduceFn, command.get('fn'))}`;
    case 'random':
      return nameIn(RandomFn, command.get('fn'));
    case 'gemm':
    case 'conv':
    case 'convInputGrad':
    case 'winogradConv': {
      const extras = [
        command.get('bias') === 0 ? '' : 'bias',
        command.get('activation') === 0 ? '' : nameIn(Activation, command.get('activation')),
      ];
      return [command.opcode, ...extras.filter((extra) => extra !== '')].join(' + ');
    }
    case 'strip':
      return `strip of ${command.parts.map(commandName).join(', ')}`;
    case 'recurrent':
      return recurrentKinds[command.get('kind')]!;
    case 'recurrentGrad':
      return `${recurrentKinds[command.get('kind')]} gradient`;
    case 'group':
      return `group of ${command.parts.length} ${[...new Set(command.parts.map(commandName))].join(', ')}`;
    default:
      return command.opcode;
  }
}

function line(command: Command, i: number): string {
  const { flops } = costOf(command);
  return `${String(i).padStart(4)}  ${commandName(command).padEnd(22)} ${commandSizes(command).padEnd(24)} ${flops === 0 ? '' : `${flops} FLOP`}`.trimEnd();
}

/** All commands of a program with sizes and operations, and its figures. */
export function list({ prologue, commands, figures }: Replay): string {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  const { flops } = sumOfCosts(commands);
  return [
    `${figures.commands} commands (${figures.recorded} recorded, ${figures.fusedCommands} fused), ${flops} FLOP, ${kib(figures.plannedBytes)} for buffers of ${kib(figures.bufferBytes)}`,
    ...commands.map(line),
    ...(prologue.length === 0
      ? []
      : [
          `prologue, when what it reads has changed: ${prologue.length} commands, ${kib(figures.prologueBytes)} of results`,
          ...prologue.map(line),
        ]),
  ].join('\n');
}
