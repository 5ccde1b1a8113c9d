// npm's mjml in one process: node render.cjs PACKAGES FILE TIMES
const fs = require("node:fs");
const { createRequire } = require("node:module");

const [, , packages, file, times] = process.argv;
const found = createRequire(`${packages}/`)("mjml");
const mjml = found.default ?? found;
const source = fs.readFileSync(file, "utf8");

(async () => {
  const seconds = [];
  for (let at = 0; at <= Number(times); at += 1) {
    const began = performance.now();
    await mjml(source);
    seconds.push((performance.now() - began) / 1000);
  }
  const sorted = seconds.slice(1).sort((a, b) => a - b);
  console.log(JSON.stringify({ seconds: sorted[sorted.length >> 1], first: seconds[0] }));
})();
