"""Lists the tools of an MCP server, makes calls, and prints everything as JSON.

usage: client.py MODE URL CALLS
       client.py MODE COMMAND ARGUMENTS... CALLS

MODE is a mode of the official client: `legacy` begins with `initialize`, and a revision such as
`2026-07-28` without. CALLS is a JSON list of [tool, arguments].
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    mode, *server, calls = sys.argv[1:]
    if server[0].startswith("http"):
        target = server[0]
    else:
        target = StdioServerParameters(command=server[0], args=server[1:])
    async with Client(target, mode=mode) as client:
        tools = (await client.list_tools()).tools
        results = []
        for name, arguments in json.loads(calls):
            result = await client.call_tool(name, arguments)
            results.append(result.model_dump(mode="json", by_alias=True, exclude_none=True))
        print(
            json.dumps(
                {
                    "tools": [
                        tool.model_dump(mode="json", by_alias=True, exclude_none=True)
                        for tool in tools
                    ],
                    "results": results,
                }
            )
        )


asyncio.run(main())
