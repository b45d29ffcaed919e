/** The page: three parts, each with a worker of its own that computes, so that the page always answers. */
import { digits } from './digits/index.ts';
import { moons } from './moons/index.ts';
import { race } from './race/index.ts';

digits();
moons();
race();
