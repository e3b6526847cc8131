// Lists the tools of an MCP server, makes calls, and prints everything as JSON.
//
// usage: node client.mjs MODULES URL CALLS
//        node client.mjs MODULES COMMAND ARGUMENTS... CALLS
//
// MODULES is a folder `node_modules` with the official client. CALLS is a JSON list of [tool,
// arguments]. The client checks each result against the tool's output schema.
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, ...rest] = process.argv.slice(2);
const calls = JSON.parse(rest.pop());
const [server, ...args] = rest;

const require = createRequire(resolve(modules, "of-the-tests.cjs"));
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

const transport = server.startsWith("http")
  ? new StreamableHTTPClientTransport(new URL(server))
  : new StdioClientTransport({ command: server, args, stderr: "ignore" });
const client = new Client({ name: "test", version: "1" });
await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const [name, given] of calls) results.push(await client.callTool({ name, arguments: given }));
console.log(JSON.stringify({ tools, results }));
await client.close();
