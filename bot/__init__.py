"""The process around the engine: settings, the command line, later jobs and workers.

Law of this house: what is here works without Discord; nothing imports `cogs`.
Heavy libraries (torch, diffusers, lancedb) are never imported here: the engine's
`assembly` is asked for inside the one function that needs it, in `bot.__main__`.
Importing any module does no work.
"""
