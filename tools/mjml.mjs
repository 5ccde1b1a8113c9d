// What MJML knows, by its reference implementation: `cd tests/node && node ../../tools/mjml.mjs` writes pipeline/mjml.json.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";

const require = createRequire(new URL("../tests/node/package.json", import.meta.url));
require("mjml");
const { components } = require("mjml-core");
// The compiler in use refuses the first; the second stands in files only.
const left_out = ["mj-html-attributes", "mj-include"];
const known = { mjml: ["lang", "dir", "owa"], "mj-all": [], "mj-class": ["name"] };
for (const [name, component] of Object.entries(components).sort()) {
  if (!left_out.includes(name)) known[name] = Object.keys(component.allowedAttributes ?? {}).sort();
}
const lines = Object.entries(known).map(([name, attributes]) => `  ${JSON.stringify(name)}: ${JSON.stringify(attributes)}`);
writeFileSync(new URL("../pipeline/mjml.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
