/** The page: three parts, each with a worker that computes, so that the page always responds. */
import { digits } from './digits/index.ts';
import { moons } from './moons/index.ts';
import { race } from './race/index.ts';

digits();
moons();
race();
