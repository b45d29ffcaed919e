/**
 * QuickJS, an engine of the embedded kind: an interpreter without WebAssembly, timers, console, TextDecoder or base64.
 * The program is passed as one script, as embedders load it; the reference executor does the work.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import { type Outcome, outcomeOf } from './project.ts';

const entry = `import { run } from './program.js';
run().then(
  (outcome) => { globalThis.printed = JSON.stringify(outcome); },
  (error) => { globalThis.printed = JSON.stringify({ error: error + '\\n' + error.stack }); },
);`;

export async function runQuickJs(project: string): Promise<Outcome> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: project, sourcefile: join(project, 'quickjs.js') },
    bundle: true,
    platform: 'neutral',
    format: 'iife',
    write: false,
    // Workers are looked for next to the module, if there is one.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  const engine = await newQuickJSWASMModuleFromVariant(import('@jitl/quickjs-ng-wasmfile-release-sync'));
  const context = engine.newContext();
  try {
    context.unwrapResult(context.evalCode(outputFiles[0]!.text, 'bundle.js')).dispose();
    context.unwrapResult(context.runtime.executePendingJobs());
    const outcome = outcomeOf(context.getProp(context.global, 'printed').consume(context.dump));
    if (outcome.error !== undefined) throw new Error(outcome.error);
    return outcome;
  } finally {
    context.dispose();
  }
}
