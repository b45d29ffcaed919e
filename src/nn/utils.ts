/** Helpers around layers: `nn.utils`. */
export { fuseConvBn } from './fuse.ts';
