/** Element types and how they combine; views, which share memory; devices. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  add,
  cat,
  DeviceError,
  div,
  eq,
  maximum,
  mul,
  ones,
  pow,
  sub,
  type Tensor,
  tensor,
  where,
  zeros,
} from '../../src/index.ts';

const whole = () => tensor([1, 2], { dtype: 'int32' });
const float = () => tensor([0.5, 2]);
const truth = () => tensor([true, false]);

describe('element types', () => {
  it('combine to float32 if one operand is a float, otherwise to int32', () => {
    for (const fn of [add, sub, mul, maximum]) {
      expect(fn(whole(), whole()).dtype).toBe('int32');
      expect(fn(whole(), float()).dtype).toBe('float32');
      expect(fn(float(), truth()).dtype).toBe('float32');
      expect(fn(whole(), truth()).dtype).toBe('int32');
      expect(fn(whole(), 3).dtype).toBe('int32');
      expect(fn(3, whole()).dtype).toBe('int32');
      expect(fn(whole(), 2.5).dtype).toBe('float32');
      expect(fn(float(), 3).dtype).toBe('float32');
      expect(fn(2, 3.5).item()).toBe(fn(tensor(2), tensor(3.5)).item());
    }
    expect([div(whole(), whole()).dtype, pow(whole(), 2).dtype]).toEqual(['float32', 'int32']);
    expect(div(whole(), 4).toArray()).toEqual([0.25, 0.5]);
  });

  it('of comparisons is bool, of transcendental functions float32', () => {
    expect(eq(whole(), float()).dtype).toBe('bool');
    expect(eq(whole(), float()).toArray()).toEqual([false, true]);
    expect([whole().exp().dtype, truth().sqrt().dtype]).toEqual(['float32', 'float32']);
    expect([whole().neg().dtype, whole().floor().dtype, whole().sign().dtype]).toEqual(['int32', 'int32', 'int32']);
    expect(truth().logicalNot().toArray()).toEqual([false, true]);
    expect(where(truth(), 1, 2).dtype).toBe('int32');
    expect(where(truth(), whole(), 0.5).toArray()).toEqual([1, 0.5]);
    expect([whole().sum().dtype, truth().sum().dtype, float().argmax().dtype]).toEqual(['int32', 'int32', 'int32']);
  });

  it('are converted by to()', () => {
    expect(tensor([1.9, -1.9, 0]).to('int32').toArray()).toEqual([1, -1, 0]);
    expect(tensor([1.9, -0.5, 0]).to('bool').toArray()).toEqual([true, true, false]);
    expect(truth().to('float32').toArray()).toEqual([1, 0]);
    expect(truth().to('int32').toArray()).toEqual([1, 0]);
    expect(tensor([0, -3], { dtype: 'int32' }).to('bool').toArray()).toEqual([false, true]);
    const x = float();
    expect(x.to('float32')).toBe(x);
    expect(x.to('wasm')).toBe(x);
  });

  it('wrap around for int32', () => {
    const big = tensor([2147483647, -2147483648], { dtype: 'int32' });
    expect(big.add(1).toArray()).toEqual([-2147483648, -2147483647]);
    expect(big.mul(2).toArray()).toEqual([-2, 0]);
    expect(big.sub(big).toArray()).toEqual([0, 0]);
  });
});

describe('views', () => {
  const x = () =>
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  const views: [string, (t: Tensor) => Tensor][] = [
    ['reshape', (t) => t.reshape(3, 2)],
    ['view', (t) => t.view(6)],
    ['flatten', (t) => t.flatten()],
    ['unflatten', (t) => t.unflatten(1, [3, 1])],
    ['T', (t) => t.T],
    ['transpose', (t) => t.transpose(0, 1)],
    ['permute', (t) => t.permute(1, 0)],
    ['slice', (t) => t.slice(1, 0, 3, 2)],
    ['select', (t) => t.select(0, 0)],
    ['squeeze', (t) => t.squeeze()],
    ['unsqueeze', (t) => t.unsqueeze(0)],
    ['expand', (t) => t.expand(2, 2, 3)],
    ['detach', (t) => t.detach()],
  ];

  it.each(views)('%s shares memory in both directions', (_, see) => {
    const base = x();
    const view = see(base);
    base.fill_(7);
    expect([...view.dataSync()]).toEqual(new Array(view.numel).fill(7));
    if (view.numel <= base.numel) {
      view.fill_(5);
      expect(base.select(0, 0).select(0, 0).item()).toBe(5);
    }
  });

  it.each(views)('%s outlives the tensor that it shows', (_, see) => {
    const base = x();
    const view = see(base);
    const before = view.toArray();
    base.dispose();
    zeros(6);
    expect(view.toArray()).toEqual(before);
  });

  it('are not what copying operations give', () => {
    const base = x();
    for (const copy of [
      base.clone(),
      base.T.reshape(6),
      cat([base]),
      base.indexSelect(0, tensor([0, 1], { dtype: 'int32' })),
    ]) {
      base.add_(1);
      expect(copy.storage).not.toBe(base.storage);
      expect(Math.max(...copy.dataSync())).toBeLessThan(Math.max(...base.dataSync()));
    }
  });

  it('of views work', () => {
    const t = tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      { shape: [2, 3, 4] },
    );
    expect(t.permute(2, 0, 1).slice(0, 1, 4, 2).select(1, 1).T.toArray()).toEqual([
      [13, 15],
      [17, 19],
      [21, 23],
    ]);
    expect(t.slice(2, -2).slice(1, -1).squeeze(1).toArray()).toEqual([
      [10, 11],
      [22, 23],
    ]);
    expect(t.T.T.contiguous).toBe(true);
    expect(t.slice(1, 5).shape).toEqual([2, 0, 4]);
  });

  it('can be operands of all operations', () => {
    const t = x().T;
    expect(t.add(t).toArray()).toEqual([
      [2, 8],
      [4, 10],
      [6, 12],
    ]);
    expect(t.exp().log().round().toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(t.sum(1).toArray()).toEqual([5, 7, 9]);
    expect(t.matmul(t.T).shape).toEqual([3, 3]);
    expect(t.gt(3).toArray()).toEqual([
      [false, true],
      [false, true],
      [false, true],
    ]);
  });
});

describe('devices', () => {
  it('change by to(), and gradients move back', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const there = x.to('reference');
    expect([there.device, there.toArray()]).toEqual(['reference', [1, 2]]);
    const y = there.square().to('wasm');
    y.mul(tensor([1, 10]))
      .sum()
      .backward();
    expect([x.grad!.device, x.grad!.toArray()]).toEqual(['wasm', [2, 40]]);
    expect(tensor([true, false]).to('reference').toArray()).toEqual([true, false]);
    expect(
      tensor([[1, 2]])
        .T.to('reference')
        .toArray(),
    ).toEqual([[1], [2]]);
  });

  it('must be the same for all operands', () => {
    const there = ones(2, { device: 'reference' });
    for (const fn of [
      () => add(ones(2), there),
      () => ones(2).matmul(there),
      () => cat([ones(2), there]),
      () => where(ones(2).gt(0), ones(2), there),
      () => ones(2).indexSelect(0, tensor([0], { dtype: 'int32', device: 'reference' })),
      () => ones(2).add_(there),
    ]) {
      expect(fn).toThrow(DeviceError);
      expect(fn).toThrow(/: tensors live on two devices, .*wasm.*; move one with to\(\)/);
    }
  });

  it('can be chosen for each tensor; number operands follow', () => {
    const x = ones([2], { device: 'reference' });
    for (const y of [x.add(1), x.mul(0.5), x.to('int32').add(0.5), x.eq(1), where(x.gt(0), 1, 0), x.variance()])
      expect(y.device).toBe('reference');
  });
});

describe('limits of clamp', () => {
  it('may be tensors, which broadcast and get gradients where they apply', () => {
    const x = tensor([-2, 0.5, 3], { requiresGrad: true });
    const low = tensor([-1], { requiresGrad: true });
    const high = tensor([[1], [2]], { requiresGrad: true });
    const y = x.clamp(low, high);
    expect(y.toArray()).toEqual([
      [-1, 0.5, 1],
      [-1, 0.5, 2],
    ]);
    y.sum().backward();
    expect([x.grad!.toArray(), low.grad!.toArray(), high.grad!.toArray()]).toEqual([[0, 2, 0], [2], [[1], [1]]]);
    expect(x.clamp(undefined, tensor(0)).toArray()).toEqual([-2, 0, 0]);
    expect(x.clamp(0, tensor(1)).toArray()).toEqual([0, 0.5, 1]);
    expect(
      tensor([5, -5], { dtype: 'int32' })
        .clamp(tensor([1, 2], { dtype: 'int32' }))
        .toArray(),
    ).toEqual([5, 2]);
    expect(tensor(Number.NaN).clamp(tensor(0), 1).item()).toBeNaN();
  });
});

describe("JavaScript's own operators", () => {
  // The types refuse these operations of plain JavaScript.
  const loose = (x: Tensor) => x as unknown as number;

  it('use the number of a tensor with one element', () => {
    const loss = loose(tensor(0.5));
    expect([loss < 1, loss > 1, -loss, loss * 2]).toEqual([true, false, -0.5, 1]);
    let total = 1;
    total += loss;
    expect([total, `${loss}`]).toEqual([1.5, 'Tensor([], float32, 0.5)']);
  });

  it('refuse larger ones where they expect a number', () => {
    const x = loose(tensor([1, 2]));
    for (const fn of [() => x * 2, () => x > 1, () => -x]) {
      expect(fn).toThrow(ArgumentError);
      expect(fn).toThrow('do not work on a tensor [2]: use the methods add, sub, mul');
    }
    expect(`x: ${x}`).toBe('x: Tensor([2], float32, [1,2])');
  });
});

it('JSON contains the elements', () => {
  expect(JSON.stringify({ w: tensor([[1, 2]]), ok: tensor([true]), n: tensor(3) })).toBe(
    '{"w":[[1,2]],"ok":[true],"n":3}',
  );
});
