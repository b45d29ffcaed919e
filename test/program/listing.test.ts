import { expect, test } from 'vitest';
import { layout, opcodes } from '../../bindings/commands/table.ts';
import { Command } from '../../src/program/commands.ts';
import { costOf } from '../../src/program/cost.ts';
import { commandName, commandSizes } from '../../src/program/listing.ts';

function blank(opcode: (typeof opcodes)[number], fields: Record<string, number> = {}): Command {
  const { words } = layout(opcode);
  const command = new Command(Int32Array.of(opcodes.indexOf(opcode), words, ...new Array<number>(words - 2).fill(0)));
  for (const [name, value] of Object.entries(fields)) command.set(name, value);
  return command;
}

test.each(opcodes)('%s has a name, sizes and operations', (opcode) => {
  const command = blank(opcode);
  if (command.has('groups')) command.set('groups', 1);
  expect(commandName(command)).toMatch(/./);
  expect(commandSizes(command)).toBeTypeOf('string');
  expect(costOf(command).flops).toBeGreaterThanOrEqual(0);
});

test('a convolution is listed with its epilogue, sizes and operations', () => {
  const geometry = {
    batch: 2,
    inChannels: 6,
    height: 8,
    width: 9,
    outChannels: 4,
    outHeight: 6,
    outWidth: 7,
    groups: 2,
  };
  const command = blank('conv', { ...geometry, kernelHeight: 3, kernelWidth: 3, bias: 1, activation: 1 });
  expect(commandName(command)).toBe('conv + bias + relu');
  expect(commandSizes(command)).toBe('2×6×8×9 · 4×3×3');
  expect(costOf(command).flops).toBe(2 * (2 * 4 * 6 * 7) * (3 * 3 * 3));
});
