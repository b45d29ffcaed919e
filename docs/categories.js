/**
 * A plugin of typedoc: names that are together in the sources are together in the pages. A name's category is that of its folder or
 * file, or its own ('file name'): the longest of these that fits.
 */
import { fileURLToPath } from 'node:url';
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/** By path, in the order in which the pages show them. */
const categories = {
  'src/tensor': 'Tensors',
  'src/ops/create.ts': 'Making tensors',
  'src/ops/arithmetic.ts': 'Element by element',
  'src/ops/comparisons.ts': 'Element by element',
  'src/ops/operands.ts': 'Element by element',
  'src/ops/unary.ts': 'Element by element',
  'src/ops/generated': 'Element by element',
  'src/ops/reductions.ts': 'Reductions',
  'src/ops/linalg.ts': 'Linear algebra',
  'src/ops': 'Shapes and places',
  'src/autograd': 'Autograd',
  'src/program': 'Programs',
  'src/train': 'Training',
  'src/estimators': 'Estimators',
  'src/io': 'Files',
  'src/node': 'Files',
  'src/runtime': 'Runtime and memory',
  'src/tensor/scope.ts': 'Runtime and memory',
  'src/move.ts': 'Runtime and memory',
  'bindings/executor.ts': 'Runtime and memory',

  'src/nn': 'Modules',
  'src/nn/layers.ts': 'Linear and shapes',
  'src/nn/bilinear.ts': 'Linear and shapes',
  'src/nn/upsample.ts': 'Linear and shapes',
  'src/nn/dropShare.ts': 'Linear and shapes',
  'src/ops/bilinear.ts': 'Linear and shapes',
  'src/ops/interpolate.ts': 'Linear and shapes',
  'src/ops/dropout.ts': 'Linear and shapes',
  'src/ops/linalg.ts linear': 'Linear and shapes',
  'src/ops/activations.ts': 'Activations',
  'src/ops/softmax.ts': 'Activations',
  'src/ops/classify.ts softmax': 'Activations',
  'src/ops/classify.ts logSoftmax': 'Activations',
  'src/nn/activations.ts': 'Activations',
  'src/nn/configurableActivations.ts': 'Activations',
  'src/ops/classify.ts': 'Losses',
  'src/ops/classLosses.ts': 'Losses',
  'src/ops/distanceLosses.ts': 'Losses',
  'src/ops/lossParts.ts': 'Losses',
  'src/ops/marginLosses.ts': 'Losses',
  'src/ops/probabilityLosses.ts': 'Losses',
  'src/nn/losses.ts': 'Losses',
  'src/ops/conv.ts': 'Convolution',
  'src/ops/convTranspose.ts': 'Convolution',
  'src/nn/conv.ts': 'Convolution',
  'src/ops/pool.ts': 'Pooling',
  'src/nn/pool.ts': 'Pooling',
  'src/ops/norm.ts': 'Normalisation',
  'src/nn/norm.ts': 'Normalisation',
  'src/nn/recurrent.ts': 'Recurrent',
  'src/nn/recurrentCells.ts': 'Recurrent',
  'src/nn/sequenceLengths.ts': 'Recurrent',
  'src/ops/attention.ts': 'Attention and embeddings',
  'src/ops/embedding.ts': 'Attention and embeddings',
  'src/nn/attention.ts': 'Attention and embeddings',
  'src/nn/transformer.ts': 'Attention and embeddings',
  'src/nn/embedding.ts': 'Attention and embeddings',

  'src/data': 'Data sets and batches',
  'src/data/sets.ts': 'Ready-made sets',
  'src/data/make.ts': 'Ready-made sets',
  'src/data/scale.ts': 'Preparing tables',
  'src/data/encode.ts': 'Preparing tables',
  'src/data/rows.ts': 'Preparing tables',
  'src/data/balance.ts': 'Preparing tables',
  'src/data/text.ts': 'Preparing texts and sequences',
  'src/data/windows.ts': 'Preparing texts and sequences',
  'src/optim': 'Optimizers',
  'bindings/errors.ts': 'Errors',
};
/** Modules with names of several kinds; other pages need no categories. */
const containers = ['saraf', 'nn', 'F', 'data'];
const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} place the file and the name */
function categoryOf(place) {
  const prefixes = Object.keys(categories).filter((prefix) => place.startsWith(prefix));
  return categories[prefixes.sort((a, b) => b.length - a.length)[0]] ?? 'Others';
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue('categoryOrder', ['Namespaces', ...new Set(Object.values(categories)), '*']);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const container of context.project.getReflectionsByKind(ReflectionKind.SomeModule)) {
      if (container.isProject() || !containers.includes(container.name)) continue;
      for (const child of container.children ?? []) {
        const target = child.isReference() ? child.getTargetReflection() : child;
        const file = context.getSymbolFromReflection(target)?.declarations?.[0]?.getSourceFile().fileName ?? '';
        const isNamespace = target.kind === ReflectionKind.Namespace;
        const text = isNamespace ? 'Namespaces' : categoryOf(`${file.slice(root.length)} ${target.name}`);
        const owner = child.kindOf(ReflectionKind.Function) ? child.signatures[0] : child;
        // A category must not make a name count as documented.
        if (owner.comment === undefined && !child.isReference()) continue;
        owner.comment ??= new Comment();
        owner.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text }]));
      }
    }
  });
}
