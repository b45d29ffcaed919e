/** From `import` to the first result, in a process that has done nothing else. */
const start = performance.now();
const { tensor } = await import('saraf');
const a = tensor([1, 2, 3, 4], { shape: [2, 2] });
const [first] = a.matmul(a).dataSync();
if (first !== 7) throw new Error(`the product begins with ${first}`);
console.log(performance.now() - start);
