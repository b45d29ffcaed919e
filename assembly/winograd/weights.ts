/**
 * Filters of 3×3 into Winograd's form, (G·g·Gᵀ)[p] for p < 36, in the panels that the convolution's GEMMs read: 8 output
 * channels side by side. Four filters at a time are in the lanes; sixteen, of 8 output and 2 input channels, are gathered before they
 * are written, a cache line for each p: the 36 lines often fall into one set of the cache. Each thread takes a range of panels.
 */
import { WinogradWeightGradCommand, WinogradWeightsCommand } from '../generated/commands';
import { firstOf } from '../reduce/share';
import { packedBAddress } from '../scratch';
import { PANEL, PATCH, POSITIONS, storeFilter, storeFilterGrad } from './transform';

const LANES: u32 = 4;
const SIDE: usize = 3;
const TAPS: u32 = 9;
/** Input channels that are written together, and bytes of a line of them. */
const GROUP: u32 = 2;
const LINE: usize = (GROUP * PANEL) << 2;
/** Bytes of the columns' results in the thread's room; the lines follow them. */
const COLUMNS: usize = SIDE * 6 * 16;

/** The elements at s0 … s3 in one vector. */
// @ts-ignore: decorator
@inline
function gather(s0: usize, s1: usize, s2: usize, s3: usize): v128 {
  const v0 = v128.load32_zero(s0);
  const v1 = v128.load_lane<f32>(s1, v0, 1);
  const v2 = v128.load_lane<f32>(s2, v1, 2);
  return v128.load_lane<f32>(s3, v2, 3);
}

/** Four filters whose first elements are at s0 … s3, the next ones `step` bytes on. Their lanes of the lines begin at `to`. */
function transformFour(s0: usize, s1: usize, s2: usize, s3: usize, step: usize, room: usize, to: usize): void {
  const column: usize = (<usize>PATCH) << 4;
  const down = step * SIDE;
  for (let x: usize = 0; x < SIDE; x++) {
    const g0 = gather(s0, s1, s2, s3);
    const g1 = gather(s0 + down, s1 + down, s2 + down, s3 + down);
    const g2 = gather(s0 + down * 2, s1 + down * 2, s2 + down * 2, s3 + down * 2);
    storeFilter(g0, g1, g2, room + x * column, 16);
    s0 += step;
    s1 += step;
    s2 += step;
    s3 += step;
  }
  for (let i: u32 = 0; i < PATCH; i++) {
    storeFilter(v128.load(room), v128.load(room + column), v128.load(room + column * 2), to, LINE);
    room += 16;
    to += LINE * PATCH;
  }
}

/** The forward transform. */
export function winogradWeightsKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WinogradWeightsCommand>(cmd);
  const inputs = c.inChannels;
  const outputs = c.outChannels;
  const panels = (outputs + PANEL - 1) / PANEL;
  const end = firstOf(panels, thread + 1, threads);
  const room = packedBAddress(c.scratch, thread);
  const lines = room + COLUMNS;
  const filter: usize = TAPS << 2;
  const turned = c.transposed != 0;
  // Bytes from one o to the next, one i to the next, one tap to the next.
  const outStep: usize = turned ? filter : filter * inputs;
  const inStep: usize = turned ? filter * outputs : filter;
  const step: usize = turned ? <usize>-4 : 4;
  const first = ((<usize>c.w) << 2) + (turned ? filter - 4 : 0);
  const panelBytes = (<usize>PANEL * inputs) << 2;
  const position = panelBytes * panels;
  for (let panel = firstOf(panels, thread, threads); panel < end; panel++) {
    const o = panel * PANEL;
    const last = outputs - 1;
    for (let i: u32 = 0; i < inputs; i += GROUP) {
      const count = min(inputs - i, GROUP);
      for (let lane: u32 = 0; lane < count * PANEL; lane += LANES) {
        // Lanes past the end repeat the last filter; their results are not used.
        const at = o + (lane & (PANEL - 1));
        const source = first + <usize>(i + lane / PANEL) * inStep;
        const s0 = source + <usize>min(at, last) * outStep;
        const s1 = source + <usize>min(at + 1, last) * outStep;
        const s2 = source + <usize>min(at + 2, last) * outStep;
        const s3 = source + <usize>min(at + 3, last) * outStep;
        transformFour(s0, s1, s2, s3, step, room, lines + (lane << 2));
      }
      let to = ((<usize>c.u) << 2) + panelBytes * panel + ((<usize>i * PANEL) << 2);
      let line = lines;
      for (let p: u32 = 0; p < POSITIONS; p++) {
        v128.store(to, v128.load(line));
        v128.store(to, v128.load(line, 16), 16);
        if (count == GROUP) {
          v128.store(to, v128.load(line, 32), 32);
          v128.store(to, v128.load(line, 48), 48);
        }
        to += position;
        line += LINE;
      }
    }
  }
}

/** Gᵀ·u·G of every pair of channels; four output channels, one a lane. */
export function winogradWeightGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WinogradWeightGradCommand>(cmd);
  const inputs = c.inChannels;
  const outputs = c.outChannels;
  const panels = (outputs + PANEL - 1) / PANEL;
  const end = min(outputs, firstOf(panels, thread + 1, threads) * PANEL);
  const room = packedBAddress(c.scratch, thread);
  const results = room + COLUMNS;
  const filter: usize = TAPS << 2;
  const outStep = filter * inputs;
  const panelBytes = (<usize>PANEL * inputs) << 2;
  const position = panelBytes * panels;
  for (let o = firstOf(panels, thread, threads) * PANEL; o < end; o += LANES) {
    const lanes = min(end - o, LANES);
    let u = ((<usize>c.u) << 2) + <usize>(o / PANEL) * panelBytes + ((o & LANES) << 2);
    let w = ((<usize>c.w) << 2) + <usize>o * outStep;
    for (let i: u32 = 0; i < inputs; i++) {
      for (let x: usize = 0; x < PATCH; x++) {
        storeFilterGrad(u + x * position, position * PATCH, room + (x << 4), (<usize>PATCH) << 4);
      }
      for (let y: usize = 0; y < SIDE; y++) {
        storeFilterGrad(room + y * (PATCH << 4), 16, results + y * (SIDE << 4), 16);
      }
      for (let lane: u32 = 0; lane < lanes; lane++) {
        for (let tap: usize = 0; tap < TAPS; tap++) {
          store<f32>(w + <usize>lane * outStep + (tap << 2), load<f32>(results + (tap << 4) + (lane << 2)));
        }
      }
      u += PANEL << 2;
      w += filter;
    }
  }
}
