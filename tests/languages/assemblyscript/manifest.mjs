// Adds the lines of the manifest to the module: the language has no syntax for custom sections.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const LINES = ["identity.jsonl", "../commands.jsonl"];

export default class Manifest {
  afterCompile(module) {
    const files = LINES.map((file) => readFileSync(fileURLToPath(new URL(file, import.meta.url))));
    module.addCustomSection("plugin-sdk", Buffer.concat(files));
  }
}
