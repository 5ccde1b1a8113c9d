// Mailgun's own client for Node: node send.cjs PACKAGES READERS ISSUE HTTP_PORT (see send.py)
const fs = require("node:fs");
const { createRequire } = require("node:module");

const [, , packages, readers, issue, port] = process.argv;
const from = createRequire(`${packages}/`);
const Mailgun = from("mailgun.js");
const client = new (Mailgun.default ?? Mailgun)(from("form-data")).client({ username: "api", key: "k", url: `http://127.0.0.1:${port}` });
const shown = (kind) => fs.readFileSync(`${issue}/issue.${kind}`, "utf8").replaceAll("{{link}}", "%recipient.link%");
const rows = fs.readFileSync(readers, "utf8").trim().split("\n").slice(1).map((line) => line.trim().split(","));

(async () => {
  const whole = { from: "letters@example.org", subject: "Kind words", html: shown("html"), text: shown("txt") };
  for (let at = 0; at < rows.length; at += 1000) {
    const batch = rows.slice(at, at + 1000);
    const variables = JSON.stringify(Object.fromEntries(batch.map(([email, , link]) => [email, { link }])));
    await client.messages.create("d.test", { ...whole, to: batch.map(([email]) => email), "recipient-variables": variables });
  }
})();
