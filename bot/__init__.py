"""The process around the engine: settings, the command line, the line of jobs, the crew that plans and draws.

Law of this house: what is here works without Discord; nothing imports `cogs`.
Heavy libraries (torch, diffusers, lancedb) are never imported here: the engine's
`assembly` is asked for inside the one function that needs it, `bot.worker.open_house`.
Importing any module does no work.
"""
