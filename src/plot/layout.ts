/**
 * Places for the boxes of a diagram, in rows from top to bottom: each box below all that lead to it, long edges through free
 * places in the rows between, boxes near those that they are joined with.
 *
 * @see Sugiyama, Tagawa, Toda (1981), https://doi.org/10.1109/TSMC.1981.4308636
 */

export interface Box {
  width: number;
  /** The boxes that lead here. */
  from: readonly number[];
}

export interface Layout {
  width: number;
  rows: number;
  /** Middle and row of each box. */
  boxes: { x: number; row: number }[];
  /** Edges with the places that they pass, first and last included. */
  edges: { from: number; to: number; through: { x: number; row: number }[] }[];
}

interface Place {
  row: number;
  width: number;
  x: number;
  above: Place[];
  below: Place[];
}

/** Width of the free place that a long edge takes in a row. */
const LANE = 18;
const GAP = 20;
const SWEEPS = 8;

const middle = (places: readonly Place[]): number | null =>
  places.length === 0 ? null : places.reduce((sum, { x }) => sum + x, 0) / places.length;

/** Pushes the places of a row apart, in their order, and keeps them around where they wanted to be. */
function spread(row: readonly Place[], wanted: readonly number[]): void {
  let end = -Infinity;
  row.forEach((place, i) => {
    place.x = Math.max(wanted[i]!, end + place.width / 2);
    end = place.x + place.width / 2 + GAP;
  });
  const shift = row.reduce((sum, place, i) => sum + wanted[i]! - place.x, 0) / row.length;
  for (const place of row) place.x += shift;
}

/** The rows of boxes whose `from` point to earlier boxes only. */
export function layout(boxes: readonly Box[]): Layout {
  const depth: number[] = [];
  for (const { from } of boxes) depth.push(from.length === 0 ? 0 : Math.max(...from.map((i) => depth[i]!)) + 1);
  const place = (row: number, width: number): Place => ({ row, width, x: 0, above: [], below: [] });
  const places = boxes.map(({ width }, i) => place(depth[i]!, width));
  const all = [...places];
  const edges = boxes.flatMap(({ from }, to) =>
    from.map((source) => {
      const lanes = Array.from({ length: depth[to]! - depth[source]! - 1 }, (_, i) =>
        place(depth[source]! + 1 + i, LANE),
      );
      const through = [places[source]!, ...lanes, places[to]!];
      for (let i = 0; i + 1 < through.length; i++) {
        through[i]!.below.push(through[i + 1]!);
        through[i + 1]!.above.push(through[i]!);
      }
      all.push(...lanes);
      return { from: source, to, through };
    }),
  );
  const count = Math.max(...depth) + 1;
  const rows = Array.from({ length: count }, (_, row) => all.filter((one) => one.row === row));
  for (const row of rows)
    spread(
      row,
      row.map((_, i) => i),
    );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : [...rows].reverse()) {
      const wish = new Map(row.map((one) => [one, middle(isDown ? one.above : one.below) ?? one.x]));
      row.sort((a, b) => wish.get(a)! - wish.get(b)!);
      spread(
        row,
        row.map((one) => wish.get(one)!),
      );
    }
  }
  const left = Math.min(...all.map(({ x, width }) => x - width / 2));
  for (const one of all) one.x -= left;
  return {
    width: Math.max(...all.map(({ x, width }) => x + width / 2)),
    rows: count,
    boxes: places.map(({ x, row }) => ({ x, row })),
    edges,
  };
}
