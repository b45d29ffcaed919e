/** The program of all workers of the page: one file, so that the kernels are in it once. The worker's name says which part it does. */
import type { Part } from '../messages.ts';
import { digits } from './digits.ts';
import { moons } from './moons.ts';
import { race } from './race.ts';

const parts: Record<Part, () => void> = { digits, moons, race };
parts[self.name as Part]();
