/** Models as diagrams: a box for each layer, an arrow for each value between them. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { GraphModel, type GraphValue } from '../nn/graph.ts';
import { Sequential } from '../nn/layers.ts';
import type { Module } from '../nn/module.ts';
import { noMore, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import { type ChartOptions, checkChart } from './inputs.ts';
import { layout } from './layout.ts';
import { colourOf, element, FAINT, fitted, heading, INK, PADDING, round, sheet, text, textWidth, tint } from './svg.ts';

/** Options of `graph`. */
export type GraphOptions = Pick<ChartOptions, 'title' | 'description'>;

interface Node {
  name: string;
  detail: string;
  kind: 'end' | 'layer' | 'join';
  from: number[];
}

const BOX = 36;
const BETWEEN = 26;
const LONGEST = 300;

function layerNode(module: Module, from: number[]): Node {
  const count = module.parameters().reduce((sum, parameter) => sum + parameter.numel, 0);
  const written = String(module);
  const name = written.includes('\n') ? module.constructor.name : written.replace(/\(\)$/, '');
  return { name, detail: count === 0 ? '' : `${count.toLocaleString('en-US')} parameters`, kind: 'layer', from };
}

/** Adds the layers of a module, those of a Sequential one after another, and returns the number of the last. */
function addModule(nodes: Node[], module: Module, from: number[]): number {
  if (!isInstance(module, Sequential) || module.length === 0) return nodes.push(layerNode(module, from)) - 1;
  let last = -1;
  for (const child of module) last = addModule(nodes, child, last < 0 ? from : [last]);
  return last;
}

function nodesOfGraph({ ends }: GraphModel): Node[] {
  const nodes: Node[] = [];
  const at = new Map<GraphValue, number>();
  ends.inputs.forEach((value, i) => {
    const name = ends.inputs.length === 1 ? 'input' : `input ${i}`;
    const detail = value.shape === null ? '' : show(value.shape);
    at.set(value, nodes.push({ name, detail, kind: 'end', from: [] }) - 1);
  });
  for (const value of ends.path) {
    const { run, inputs, name } = value.step;
    const from = inputs.map((input) => at.get(input)!);
    if (typeof run === 'function') at.set(value, nodes.push({ name, detail: '', kind: 'join', from }) - 1);
    else at.set(value, addModule(nodes, run, from));
  }
  ends.outputs.forEach((value, i) => {
    const name = ends.outputs.length === 1 ? 'output' : `output ${i}`;
    nodes.push({ name, detail: '', kind: 'end', from: [at.get(value)!] });
  });
  return nodes;
}

function nodesOfSequence(model: Sequential): Node[] {
  const nodes: Node[] = [{ name: 'input', detail: '', kind: 'end', from: [] }];
  const last = addModule(nodes, model, [0]);
  nodes.push({ name: 'output', detail: '', kind: 'end', from: [last] });
  return nodes;
}

const FILLS = {
  end: '#eef1f4',
  layer: `rgb(${tint(colourOf(0), 0.14).join(',')})`,
  join: `rgb(${tint(colourOf(4), 0.3).join(',')})`,
};
const EDGES = { end: FAINT, layer: colourOf(0), join: colourOf(4) };

/** A curve through places that leaves and arrives vertically. */
function curve(points: readonly (readonly [number, number])[]): string {
  return points
    .map(([x, y], i) => {
      if (i === 0) return `M${round(x)},${round(y)}`;
      const [px, py] = points[i - 1]!;
      const half = (y + py) / 2;
      return `C${round(px)},${round(half)} ${round(x)},${round(half)} ${round(x)},${round(y)}`;
    })
    .join('');
}

/**
 * A model as a diagram, from its inputs down to its outputs, with the number of parameters of each layer.
 *
 * @param model a Sequential or what `nn.Graph.model` gives; other modules do not say how their layers are joined
 * @throws ArgumentError for other modules
 * @example
 * const svg = plot.graph(new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1)));
 */
export function graph(model: Sequential | GraphModel, options: GraphOptions = {}): string {
  if (arguments.length > 2) noMore('graph', 2, arguments);
  const op = 'plot.graph';
  checkChart(op, options, { title: VALUE, description: VALUE });
  if (!(isInstance(model, Sequential) || isInstance(model, GraphModel))) {
    refuse(
      ArgumentError,
      op,
      'model must be a Sequential or a model of nn.Graph: other modules do not say how their layers are joined',
      { argument: 'model', got: model },
    );
  }
  if (isInstance(model, Sequential) && model.length === 0)
    refuse(ArgumentError, op, 'model has no layers', { argument: 'model', got: model });
  const nodes = isInstance(model, GraphModel) ? nodesOfGraph(model) : nodesOfSequence(model);
  const boxes = nodes.map((node) => {
    const label = fitted(node.name, LONGEST);
    return { ...node, label, width: Math.max(textWidth(label), textWidth(node.detail, 10), 40) + 20 };
  });
  const placed = layout(boxes);
  const { title } = options;
  const top = PADDING + (title === undefined ? 0 : 30);
  const width = Math.max(placed.width + 2 * PADDING, title === undefined ? 0 : 240);
  const shift = (width - placed.width) / 2;
  const height = top + placed.rows * (BOX + BETWEEN) - BETWEEN + PADDING;
  const yOf = (row: number) => top + row * (BOX + BETWEEN);
  const marks: string[] = [];
  if (title !== undefined) marks.push(heading(title, width));
  for (const { through } of placed.edges) {
    const ends = through.flatMap(({ x, row }, i): [number, number][] => {
      const over: [number, number] = [x + shift, yOf(row)];
      const under: [number, number] = [x + shift, yOf(row) + BOX];
      if (i === 0) return [under];
      return i === through.length - 1 ? [[over[0], over[1] - 5]] : [over, under];
    });
    const [tipX, tipY] = ends.at(-1)!;
    marks.push(element('path', { d: curve(ends), fill: 'none', stroke: FAINT, 'stroke-width': 1.4 }));
    marks.push(element('path', { d: `M${round(tipX - 4)},${round(tipY - 2)}h8l-4,7z`, fill: FAINT }));
  }
  boxes.forEach(({ label, detail, kind, width: wide }, i) => {
    const { x: middle, row } = placed.boxes[i]!;
    const [x, y] = [middle + shift, yOf(row)];
    const look = { fill: FILLS[kind], stroke: EDGES[kind], rx: kind === 'layer' ? 5 : BOX / 2 };
    marks.push(element('rect', { x: x - wide / 2, y, width: wide, height: BOX, ...look }));
    const line = y + (detail === '' ? BOX / 2 + 4 : 16);
    marks.push(text(x, line, label, { 'text-anchor': 'middle', fill: INK }));
    if (detail !== '') marks.push(text(x, y + 29, detail, { 'text-anchor': 'middle', 'font-size': 10, fill: FAINT }));
  });
  const description =
    options.description ??
    nodes
      .map(({ name, from }) =>
        from.length === 0 ? name : `${name} after ${from.map((k) => nodes[k]!.name).join(' and ')}`,
      )
      .join('; ');
  return sheet({ width, height, title: title ?? 'Model', description }, marks);
}
