/**
 * Whole models with the names of torchvision's, so that state dicts load unchanged.
 *
 * @module
 */
export { mobilenetV2 } from './mobilenet.ts';
export { type ModelOptions, resnet18 } from './resnet.ts';
