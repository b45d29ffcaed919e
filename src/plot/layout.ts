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
  /** Where it would be if it were alone in its row. */
  wanted: number;
  /** Its middle. */
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

/** Pushes the places of a row apart, in their order, and keeps them near where they want to be. */
function spread(row: readonly Place[]): void {
  let end = -Infinity;
  for (const place of row) {
    place.x = Math.max(place.wanted, end + place.width / 2);
    end = place.x + place.width / 2 + GAP;
  }
  const shift = row.reduce((sum, { wanted, x }) => sum + wanted - x, 0) / row.length;
  for (const place of row) place.x += shift;
}

const placeIn = (row: number, width: number): Place => ({ row, width, wanted: 0, x: 0, above: [], below: [] });

/** The places that an edge passes, both ends included. */
function join(start: Place, end: Place): Place[] {
  const lanes = Array.from({ length: end.row - start.row - 1 }, (_, i) => placeIn(start.row + 1 + i, LANE));
  const through = [start, ...lanes, end];
  through.reduce((above, below) => {
    above.below.push(below);
    below.above.push(above);
    return below;
  });
  return through;
}

/** Lays out boxes whose `from` points only to earlier boxes. */
export function layout(boxes: readonly Box[]): Layout {
  const places: Place[] = [];
  for (const { from, width } of boxes) {
    places.push(placeIn(Math.max(-1, ...from.map((source) => places[source]!.row)) + 1, width));
  }
  const edges = boxes.flatMap(({ from }, to) =>
    from.map((source) => ({ from: source, to, through: join(places[source]!, places[to]!) })),
  );
  const all = new Set([...places, ...edges.flatMap(({ through }) => through)]);
  const count = Math.max(...places.map(({ row }) => row)) + 1;
  const rows = Array.from({ length: count }, (_, row) => [...all].filter((place) => place.row === row));
  for (const row of rows) {
    row.forEach((place, i) => {
      place.wanted = i;
    });
    spread(row);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : [...rows].reverse()) {
      for (const place of row) place.wanted = middle(isDown ? place.above : place.below) ?? place.x;
      row.sort((a, b) => a.wanted - b.wanted);
      spread(row);
    }
  }
  const left = Math.min(...Array.from(all, ({ x, width }) => x - width / 2));
  for (const place of all) place.x -= left;
  return {
    width: Math.max(...Array.from(all, ({ x, width }) => x + width / 2)),
    rows: count,
    boxes: places.map(({ x, row }) => ({ x, row })),
    edges,
  };
}
