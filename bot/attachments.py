"""Files that people bring: fetched with a limit, never decoded here.

The bot looks at eight bytes; whatever is inside is read by the planner's process.
"""

from collections.abc import Sequence

import aiohttp
import discord

from bot.crew.told import Told
from bot.refusals import NotAPicture, NoWorker
from bot.services import Services
from bot.texts.escape import clean
from stylus_engine.errors import (
    AdapterNotSafetensors,
    BadPicture,
    SourceSilent,
    StylusError,
    TooMuch,
)
from stylus_engine.model import Manifest, Start
from stylus_engine.planning.starting import usual
from stylus_engine.workers.frames import Begin, Begun, Inspect, Inspected

MOST_BYTES = 25 * 2**20  # what Discord itself lets through at most in one request
PATIENCE = aiohttp.ClientTimeout(total=10)
PATIENCE_FOR_PICTURES = 60.0  # seconds; large ones are opened one after another
PNG = b"\x89PNG\r\n\x1a\n"
OTHERS = (b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")  # pictures that carry no manifest of ours
SHORTEST = len(PNG)
ADAPTER = ".safetensors"
MOST_ADAPTER = 50_000_000  # bytes; it crosses to the planner in one frame
PATIENCE_FOR_ADAPTERS = aiohttp.ClientTimeout(total=120)


async def manifest_of(
    services: Services, attachments: Sequence[discord.Attachment]
) -> Manifest | None:
    """What the first picture among them says of itself; None: nothing.

    Raises `NotAPicture` for anything else, however it calls itself; `SourceSilent`, `NoWorker`.
    """
    chosen = _chosen(attachments)
    data = await fetch(chosen)
    if data.startswith(OTHERS):
        return None
    if not data.startswith(PNG):
        raise NotAPicture(name=chosen.filename)
    try:
        found = await services.supervisor.consult(Inspect(call=0, data=data))
    except Told as told:
        raise NotAPicture(name=chosen.filename) from told
    if not isinstance(found, Inspected):
        raise NoWorker
    return found.manifest


async def start_of(
    services: Services,
    image: discord.Attachment,
    mask: discord.Attachment | None = None,
    *,
    cut: bool = False,
    strength: float | None = None,
) -> Start:
    """A picture, and its mask, safely in the store: what a job starts from is there before the job.

    `cut`: what is transparent is the mask.  Raises `BadPicture`, `SourceSilent`,
    `NoWorker`, and what the planner's process says of the bytes.
    """
    masked = cut or mask is not None
    question = Begin(
        call=0,
        data=await fetch_picture(image),
        name=clean(image.filename, 100),
        mask=None if mask is None else await fetch_picture(mask),
        mask_name="" if mask is None else clean(mask.filename, 100),
        cut=cut,
        strength=usual(masked=masked) if strength is None else strength,
    )
    answer = await services.supervisor.consult(question, PATIENCE_FOR_PICTURES)
    if not isinstance(answer, Begun):
        raise NoWorker
    return answer.start


async def fetch_picture(attachment: discord.Attachment) -> bytes:
    """The bytes of a picture, whatever is inside. Raises `BadPicture`, `SourceSilent`."""
    name = clean(attachment.filename, 100)
    if attachment.size > MOST_BYTES:
        why = f"the file is larger than {MOST_BYTES // 2**20} MiB"
        raise BadPicture(path=name, why=why)
    return await _picture(attachment)


async def _picture(attachment: discord.Attachment) -> bytes:
    name = clean(attachment.filename, 100)
    silent = SourceSilent(source=name, why="the file could not be fetched from Discord")
    return await _fetched(attachment.url, MOST_BYTES, PATIENCE, silent)


def _chosen(attachments: Sequence[discord.Attachment]) -> discord.Attachment:
    """The first that says it is a picture, else the first: it gets its own refusal."""
    for each in attachments:
        if (each.content_type or "").startswith("image/"):
            return each
    return attachments[0]


async def fetch(attachment: discord.Attachment) -> bytes:
    """The file, when it is as small as a picture may be. Raises `NotAPicture`, `SourceSilent`."""
    if not SHORTEST <= attachment.size <= MOST_BYTES:
        raise NotAPicture(name=attachment.filename)
    return await _picture(attachment)


async def fetch_adapter(attachment: discord.Attachment) -> bytes:
    """The bytes of an adapter file, whatever is inside. Raises `BadAdapter`, `TooMuch`, `SourceSilent`."""
    name = clean(attachment.filename, 100)
    if not name.lower().endswith(ADAPTER):
        raise AdapterNotSafetensors(name=name, why=f"its name does not end in {ADAPTER}")
    if attachment.size > MOST_ADAPTER:
        size, limit = (f"{count / 1e6:.0f} MB" for count in (attachment.size, MOST_ADAPTER))
        raise TooMuch(source=name, size=size, limit=limit)
    silent = SourceSilent(source=name, why="the file could not be fetched from Discord")
    return await _fetched(attachment.url, MOST_ADAPTER, PATIENCE_FOR_ADAPTERS, silent)


async def _fetched(
    url: str, most: int, patience: aiohttp.ClientTimeout, refusal: StylusError
) -> bytes:
    """At most `most` bytes, whatever the declared size was. Raises `refusal`."""
    try:
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()
            return await _body(answer, most, refusal)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise refusal from error


async def _body(answer: aiohttp.ClientResponse, most: int, refusal: StylusError) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_chunked(64 << 10):
        data += chunk
        if len(data) > most:
            raise refusal
    return bytes(data)
