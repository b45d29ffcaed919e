/** The messages between the page and its workers. The page knows nothing of tensors, the workers nothing of the page. */

/** The parts of the page that compute, each in a worker of its own, which has the part's name. */
export type Part = 'digits' | 'moons' | 'race';

/** What saraf runs on in a worker. */
export interface Host {
  device: 'wasm' | 'webgpu' | 'reference';
  simd: string;
  threads: number;
  /** Why there are fewer threads than cores. */
  note?: string;
  /** Whether a GPU can be opened. */
  webgpu: boolean;
}

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

export type ToDigits =
  | { type: 'start'; url: string; device: 'wasm' | 'webgpu' }
  | { type: 'train' | 'pause' | 'reset' }
  /** PIXELS numbers in 0 … 1. */
  | { type: 'classify'; pixels: Float32Array };

export type FromDigits =
  | { type: 'host'; host: Host }
  /** The first test digits, PIXELS bytes each, and their labels. */
  | { type: 'samples'; pixels: Uint8Array; labels: Uint8Array }
  | { type: 'step'; epoch: number; loss: number; rate: number }
  /** After an epoch: the share of the test digits that are right, and the guesses for the samples. */
  | { type: 'tested'; epoch: number; accuracy: number; guesses: Uint8Array }
  | { type: 'classified'; probabilities: Float32Array }
  | { type: 'finished' }
  | { type: 'failed'; message: string };

export interface MoonsSettings {
  hidden: number;
  learningRate: number;
  noise: number;
}

/** The limits of the moons' plane, and at how many places across and down the network is evaluated. */
export const PLANE = { left: -1.7, right: 2.7, bottom: -1.4, top: 1.9, columns: 88, rows: 66 };

export type ToMoons =
  | { type: 'reset'; settings: MoonsSettings }
  | { type: 'rate'; learningRate: number }
  | { type: 'play' | 'pause' };

export type FromMoons =
  /** Two coordinates for each point, and the moon that it belongs to. */
  | { type: 'points'; points: Float32Array; moons: Int32Array }
  /** Belief in the second moon, row by row from the top. */
  | { type: 'state'; step: number; loss: number; accuracy: number; belief: Float32Array }
  | { type: 'failed'; message: string };

export type ToRace = { type: 'run' };

/** Milliseconds for each call. */
export interface Lap {
  who: string;
  ms: number;
}

export type FromRace =
  | { type: 'begun'; task: string; detail: string }
  | { type: 'lap'; task: string; lap: Lap }
  | { type: 'finished' }
  | { type: 'failed'; message: string };
