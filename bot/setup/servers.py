"""Looks on this machine for a language model that speaks as OpenAI's does."""

import asyncio
from dataclasses import dataclass

import aiohttp

PORTS = (11434, 1234, 8000, 8080, 5001)  # Ollama, LM Studio, vLLM, llama.cpp, KoboldCpp
PATIENCE = aiohttp.ClientTimeout(total=1.5)


@dataclass(frozen=True, slots=True)
class Server:
    """Something that answers /v1/models."""

    base_url: str
    models: tuple[str, ...]


async def find(ports: tuple[int, ...] = PORTS) -> tuple[Server, ...]:
    """Those that are there, in the order of `ports`; asked all at once."""
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        answers = await asyncio.gather(*(_ask(session, port) for port in ports))
    return tuple(server for server in answers if server is not None)


async def _ask(session: aiohttp.ClientSession, port: int) -> Server | None:
    base = f"http://127.0.0.1:{port}/v1"
    try:
        async with session.get(f"{base}/models") as answer:
            told = (await answer.json(content_type=None))["data"]
            return Server(base, tuple(str(model["id"]) for model in told[:50]))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError, TypeError):
        return None  # nobody there, or somebody else
