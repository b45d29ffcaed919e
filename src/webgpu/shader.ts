/**
 * Puts shaders together. All of them see the heap as 32-bit words (floats are read as bits, so that integers, NaN and
 * denormals survive) and their parameters as `cmd`, under names that the host side gives.
 */
import { SLOT_WORDS, THREADS } from './launch.ts';
import { unarySource } from './wgsl/functions.ts';
import { mathSource } from './wgsl/math.ts';

const COMPONENTS = 'xyzw';

/** A shader's parameters: `word` gives the WGSL expression (u32) of one, in the order of the launch's words. */
export class Parameters<N extends string> {
  constructor(private readonly names: readonly N[]) {
    if (names.length > SLOT_WORDS) throw new RangeError(`${names.length} parameters do not fit a slot`);
  }

  private place(name: N): string {
    const at = this.names.indexOf(name);
    return `cmd[${at >> 2}].${COMPONENTS[at & 3]}`;
  }

  /** WGSL constants for all parameters, as u32. */
  get declarations(): string {
    return this.names.map((name) => `  let ${name} = ${this.place(name)};`).join('\n');
  }

  /** The words of a launch, in order. */
  words(values: Record<N, number>): number[] {
    return this.names.map((name) => values[name]);
  }
}

export interface ShaderParts {
  parameters: Parameters<string>;
  /** Statements of the entry point; `id` is the thread's number in the grid, `local` that in its group, `groupId` the group's. */
  body: string;
  /** Functions and workgroup variables outside the entry point. */
  outside?: string;
  threads?: number;
  /** Words of the slot that holds the parameters. */
  slotWords?: number;
  /** Extensions of WGSL that it uses. */
  enable?: readonly string[];
  /** The heap is read and written four words at a time: `four` and `putFour`, at multiples of 4, and `f`. */
  wide?: boolean;
}

const wideHeapSource = `
fn f(i: u32) -> f32 { return bitcast<f32>(heap[i >> 2u][i & 3u]); }
fn four(i: u32) -> vec4<f32> { return bitcast<vec4<f32>>(heap[i >> 2u]); }
fn putFour(i: u32, values: vec4<f32>) { heap[i >> 2u] = bitcast<vec4<u32>>(values); }
`;

const heapSource = `
fn f(i: u32) -> f32 { return bitcast<f32>(heap[i]); }
fn i(i: u32) -> i32 { return bitcast<i32>(heap[i]); }
fn put(i: u32, value: f32) { heap[i] = bitcast<u32>(value); }
fn putI(i: u32, value: i32) { heap[i] = bitcast<u32>(value); }
`;

export function shader({
  parameters,
  body,
  outside = '',
  threads = THREADS,
  slotWords = SLOT_WORDS,
  enable = [],
  wide = false,
}: ShaderParts): string {
  return `${enable.map((name) => `enable ${name};`).join('\n')}
@group(0) @binding(0) var<storage, read_write> heap: array<${wide ? 'vec4<u32>' : 'u32'}>;
@group(0) @binding(1) var<uniform> cmd: array<vec4<u32>, ${slotWords / 4}>;
${wide ? wideHeapSource : heapSource}${mathSource}${unarySource}${outside}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) placeInGrid: vec3<u32>,
  @builtin(num_workgroups) sizeOfGrid: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let groupId = placeInGrid.y * sizeOfGrid.x + placeInGrid.x;
  let id = groupId * ${threads}u + local;
${parameters.declarations}
${body}
}
`;
}
