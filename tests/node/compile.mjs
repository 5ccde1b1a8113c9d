// npm's reference MJML: a JSON list of MJML documents in, a JSON list of {html, errors} out.
import { readFileSync } from "node:fs";
import mjml from "mjml";

const compile = async (document) => {
  const { html, errors } = await mjml(document, { validationLevel: "soft" });
  return { html, errors: errors.map((error) => error.formattedMessage) };
};

const documents = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(documents.map(compile))));
