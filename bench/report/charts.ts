/** The charts of the page. */
import type { Ratio, Throughput } from './data.ts';
import { both, colourOf, frame, logAxis, losingSide, named, namesOf, render, rows, shapes, stepOf } from './svg.ts';

/** A dot for each contender, a row for each task: times divided by saraf's. */
export function dots(given: readonly Ratio[], label: string): Promise<string> {
  const all = named(given.filter(({ peer }) => !peer.includes('threads')));
  const names = namesOf(all);
  const peers = [...new Set(all.map(({ peer }) => peer))];
  const values = all.map((one) => ({ ...one, tip: `${one.peer}: ${one.ratio.toPrecision(3)}× (${one.task})` }));
  return both(label, (narrow) => {
    const title = narrow
      ? '← saraf slower · time ÷ saraf · faster →'
      : '← saraf is slower · time divided by saraf’s · saraf is faster →';
    const { low, x } = logAxis(
      all.map(({ ratio }) => ratio),
      title,
      narrow,
    );
    return {
      ...frame(narrow, names),
      height: stepOf(narrow, 30),
      data: { values },
      layer: [
        ...losingSide(low),
        {
          mark: {
            type: 'point',
            filled: true,
            size: 90,
            opacity: 0.92,
            stroke: 'var(--card)',
            strokeWidth: 1,
            aria: true,
          },
          encoding: {
            x,
            y: rows(names, narrow),
            color: {
              field: 'peer',
              type: 'nominal',
              scale: { domain: peers, range: peers.map(colourOf) },
              legend: null,
            },
            shape: {
              field: 'kind',
              type: 'nominal',
              scale: { domain: Object.keys(shapes), range: Object.values(shapes) },
              legend: null,
            },
            description: { field: 'tip' },
          },
        },
      ],
    };
  });
}

/** For the overview: the fastest of each kind, with its ratio written next to it. */
export function overview(all: readonly (Ratio & { group: string })[], groups: Record<string, string>): Promise<string> {
  const names = namesOf(all);
  const text = (ratio: number) => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 1 ? 2 : 1)}×`;
  /** With the name of the fastest, where the kind has several. */
  const worded = ({ ratio, peer, kind }: Ratio, narrow: boolean) =>
    narrow || kind === 'native' ? text(ratio) : `${text(ratio)} ${peer}`;
  return both('How many times as long as saraf the others take', (narrow) => {
    const values = all.map((one) => ({
      ...one,
      text: worded(one, narrow),
      one: 1,
      tip: `${one.peer}: ${text(one.ratio)}`,
    }));
    const { low, x } = logAxis(
      all.map(({ ratio }) => ratio * (ratio > 1 ? 2.2 : narrow ? 0.3 : 0.36)),
      narrow
        ? '← saraf slower · time ÷ saraf · faster →'
        : '← saraf is slower · time divided by saraf’s · saraf is faster →',
      narrow,
    );
    const color = {
      field: 'group',
      type: 'nominal',
      scale: { domain: Object.keys(groups), range: Object.values(groups).map((name) => `var(--${name})`) },
      legend: null,
    };
    const yOffset = { field: 'group', type: 'nominal', sort: Object.keys(groups) };
    const y = rows(names, narrow, narrow ? 0.5 : 0.3, -31);
    const label = (align: string, test: string) => ({
      transform: [{ filter: test }],
      mark: { type: 'text', align, dx: align === 'left' ? 9 : -9, fontWeight: 600 },
      encoding: { x, y, yOffset, color, text: { field: 'text' } },
    });
    return {
      ...frame(narrow, names),
      height: { step: narrow ? 84 : 62, for: 'position' },
      data: { values },
      layer: [
        ...losingSide(low),
        {
          mark: { type: 'rule', strokeWidth: 5, opacity: 0.35 },
          encoding: { x: { ...x, field: 'one' }, x2: { field: 'ratio' }, y, yOffset, color },
        },
        {
          mark: { type: 'point', filled: true, size: 80, opacity: 1, aria: true },
          encoding: { x, y, yOffset, color, description: { field: 'tip' } },
        },
        label('left', 'datum.ratio >= 1'),
        label('right', 'datum.ratio < 1'),
      ],
    };
  });
}

/** Bars from zero, with lines at 1× and 2×. */
export function threadBars(given: readonly { task: string; speedup: number }[]): Promise<string> {
  const values = named(given);
  const names = namesOf(values);
  const high = Math.max(2.2, ...values.map(({ speedup }) => speedup));
  return both('How many times as fast two threads are as one', (narrow) => ({
    ...frame(narrow, names),
    height: stepOf(narrow, 28),
    data: { values: values.map((one) => ({ ...one, text: `${one.speedup.toFixed(2)}×` })) },
    layer: [
      {
        mark: { type: 'bar', color: 'var(--saraf)', height: 14, cornerRadiusEnd: 4 },
        encoding: {
          x: {
            field: 'speedup',
            type: 'quantitative',
            scale: { domain: [0, high] },
            axis: {
              values: [0, 0.5, 1, 1.5, 2],
              labelExpr: "datum.value + '×'",
              title: 'speed with two threads ÷ with one',
              orient: 'top',
            },
          },
          y: rows(names, narrow),
        },
      },
      ...[1, 2].map((value) => ({
        mark: { type: 'rule', color: 'var(--ink)', strokeDash: value === 2 ? [4, 3] : [1, 0] },
        data: { values: [{}] },
        encoding: { x: { datum: value, type: 'quantitative' } },
      })),
      {
        mark: { type: 'text', align: 'right', dx: -6, color: 'var(--on-saraf)', fontWeight: 600, fontSize: 11 },
        encoding: { x: { field: 'speedup', type: 'quantitative' }, y: rows(names, narrow), text: { field: 'text' } },
      },
    ],
  }));
}

/** saraf's speed on versions of Node. */
export function nodeDots(given: readonly { task: string; node: string; speed: number }[]): Promise<string> {
  const values = named(given);
  const names = namesOf(values);
  const nodes = [...new Set(values.map(({ node }) => node))];
  return both("saraf's speed on versions of Node", (narrow) => ({
    ...frame(narrow, names),
    height: stepOf(narrow, 32),
    data: { values: values.map((one) => ({ ...one, tip: `${one.node}: ${one.speed.toFixed(2)}×` })) },
    layer: [
      {
        mark: { type: 'rule', color: 'var(--ink)' },
        data: { values: [{}] },
        encoding: { x: { datum: 1, type: 'quantitative' } },
      },
      {
        mark: {
          type: 'point',
          filled: true,
          size: 110,
          opacity: 0.95,
          stroke: 'var(--card)',
          strokeWidth: 1,
          aria: true,
        },
        encoding: {
          x: {
            field: 'speed',
            type: 'quantitative',
            scale: { zero: false },
            axis: {
              labelExpr: "format(datum.value, '.2~f') + '×'",
              title: `speed ÷ that on ${nodes[0]}`,
              orient: 'top',
              tickCount: narrow ? 4 : 8,
            },
          },
          y: rows(names, narrow),
          color: {
            field: 'node',
            type: 'nominal',
            scale: { domain: nodes, range: nodes.map(nodeColour) },
            legend: null,
          },
          description: { field: 'tip' },
        },
      },
    ],
  }));
}
export const nodeColour = (_: string, i: number): string => `var(--node-${i + 1})`;

/** A panel for each kind of work: examples a second against batch size, both on logarithmic axes. */
export function batchLines(all: readonly Throughput[], panel: string): Promise<string> {
  const values = all.filter((one) => one.panel === panel);
  const peers = [...new Set(all.map(({ peer }) => peer))];
  const rates = values.map(({ rate }) => rate);
  const [low, high] = [Math.min(...rates) / 1.15, Math.max(...rates) * 1.15];
  const ticks = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((power) => [power, 3 * power]);
  const batches = [...new Set(values.map(({ batch }) => batch))];
  const dash = { condition: { test: "datum.peer == 'saraf, 2 threads'", value: [5, 3] }, value: [1, 0] };
  return render(
    {
      width: 330,
      height: 250,
      padding: 4,
      data: {
        values: values.map((one) => ({
          ...one,
          tip: `${one.peer}, batch ${one.batch}: ${Math.round(one.rate).toLocaleString('en')} a second`,
        })),
      },
      layer: [
        { mark: { type: 'line', strokeWidth: 2.2 } },
        { mark: { type: 'point', filled: true, size: 46, opacity: 1, aria: true } },
      ].map(({ mark }) => ({
        mark,
        encoding: {
          x: {
            field: 'batch',
            type: 'quantitative',
            scale: { type: 'log', base: 2, nice: false, padding: 12 },
            axis: { values: batches, title: 'batch size', grid: false },
          },
          y: {
            field: 'rate',
            type: 'quantitative',
            scale: { type: 'log', domain: [low, high], nice: false },
            axis: { title: null, values: ticks, labelExpr: "format(datum.value, '~s')" },
          },
          color: { field: 'peer', type: 'nominal', scale: { domain: peers, range: peers.map(colourOf) }, legend: null },
          ...(mark.type === 'line' ? { strokeDash: dash } : { description: { field: 'tip' } }),
        },
      })),
    },
    `${panel}: examples a second against batch size`,
  );
}
