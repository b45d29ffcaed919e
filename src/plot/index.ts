/**
 * Pictures as SVG strings, to be written to a file or put into a page. Nothing here needs a document.
 *
 * @module
 */
export { type BoundaryOptions, decisionBoundary, type PlaneClassifier, type PlaneFunction } from './boundary.ts';
export { type ConfusionPlotOptions, confusion } from './confusion.ts';
export { type ContoursOptions, contours } from './contours.ts';
export { type GraphOptions, graph } from './graph.ts';
export { type HistogramOptions, histogram } from './histogram.ts';
export { type ImagesOptions, images, type PictureList } from './images.ts';
export type { AxesOptions, ChartOptions, Points, Values } from './inputs.ts';
export { type LinesOptions, lines, roc } from './lines.ts';
