/** Moves tensors, models and optimizers from device to device, in place; also from the GPU, whose values come asynchronously. */

import { ArgumentError, refuse } from '../bindings/errors.ts';
import type { Device, Executor } from '../bindings/executor.ts';
import { isInstance } from './copies.ts';
import { Module } from './nn/module.ts';
import { Optimizer } from './optim/optimizer.ts';
import { noMore } from './options.ts';
import { executorFor } from './runtime/runtime.ts';
import type { Storage } from './tensor/storage.ts';
import { isTensor, type Tensor } from './tensor/tensor.ts';

/** What `move` takes. */
export type Movable = Tensor | Module | Pick<Optimizer<never>, 'step' | 'zeroGrad' | 'dispose'>;

function tensorsOf(target: unknown): Tensor[] {
  if (isTensor(target)) return [target];
  if (isInstance(target, Module)) return Object.values(target.stateDict());
  if (isInstance(target, Optimizer)) {
    const groups: readonly { params: Tensor[] }[] = target.paramGroups;
    return [...groups.flatMap(({ params }) => params), ...target.remembered()];
  }
  refuse(ArgumentError, 'move', 'expected a tensor, a module, an optimizer, or a list of these', {
    argument: 'target',
    got: target,
  });
}

/** Moves storages, with all tensors on them. A storage that changes meanwhile is read again. */
export async function moveStorages(storages: Iterable<Storage>, executor: Executor): Promise<void> {
  let left = [...new Set(storages)].filter((storage) => storage.executor !== executor);
  for (const storage of left) storage.retain();
  const retained = left;
  try {
    while (left.length > 0) {
      const copies = left.map(async (storage) => {
        const { executor: from, address, length, version } = storage;
        const words = from.download?.(address, length, 'int32') ?? from.read(address, length, 'int32');
        return { storage, version, words: await words };
      });
      left = [];
      for (const { storage, version, words } of await Promise.all(copies)) {
        if (storage.version !== version) left.push(storage);
        else if (storage.executor !== executor) storage.relocate(executor, words);
      }
    }
  } finally {
    for (const storage of retained) storage.release();
  }
}

/**
 * Moves tensors, models and optimizers with their memory to a device, in place: views and gradients move along, and optimizers and
 * compiled functions keep working. Unlike `to()`, it also brings tensors back from the GPU.
 *
 * @throws ArgumentError for any other target; DeviceError for a device that has not been opened
 * @example
 * await move([model, optimizer], 'wasm');
 * console.log(model.forward(x).toArray());
 */
export async function move(target: Movable | readonly Movable[], device: Device): Promise<void> {
  if (arguments.length > 2) noMore('move', 2, arguments);
  const tensors = (Array.isArray(target) ? target : [target]).flatMap(tensorsOf);
  const gradients = tensors.flatMap(({ variable }) => variable?.grad ?? []);
  await moveStorages(
    [...tensors, ...gradients].map(({ storage }) => storage),
    executorFor(device),
  );
}
