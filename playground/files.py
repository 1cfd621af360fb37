"""Uploaded files: what they are by their first bytes, where they lie, and links that expire."""

import hashlib
import hmac
import secrets
import struct
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from playground.shapes import Json

PNG = b"\x89PNG\r\n\x1a\n"
KINDS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One `files[n]` part as it came."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    channel: int
    filename: str
    data: bytes
    content_type: str | None
    size: tuple[int, int] | None  # width, height of a picture
    description: str | None = None
    ephemeral: bool = False


@dataclass(slots=True)
class Store:
    """All files, and the key that signs links to them."""

    base: str
    life_seconds: float
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    files: dict[int, Attachment] = field(default_factory=dict[int, Attachment])

    def keep(self, attachment: Attachment) -> Attachment:
        self.files[attachment.id] = attachment
        return attachment

    def url(self, attachment: Attachment) -> str:
        """A link that is valid from now on, for as long as the settings say."""
        now = int(time.time())
        path = f"{attachment.channel}/{attachment.id}/{quote(attachment.filename)}"
        until, since = f"{int(now + self.life_seconds):x}", f"{now:x}"
        seal = self._seal(attachment.id, until, since)
        return f"{self.base}/cdn/attachments/{path}?ex={until}&is={since}&hm={seal}&"

    def valid(self, attachment: int, until: str, since: str, seal: str) -> bool:
        """Whether a link was signed by us and is still alive."""
        try:
            alive = time.time() < int(until, 16)
        except ValueError:
            return False
        return alive and hmac.compare_digest(seal, self._seal(attachment, until, since))

    def _seal(self, attachment: int, until: str, since: str) -> str:
        text = f"{attachment}:{until}:{since}".encode()
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()

    def payload(self, attachment: Attachment) -> Json:
        """The attachment object of a message."""
        url = self.url(attachment)
        body: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": url,
            "proxy_url": url,
        }
        if attachment.content_type:
            body["content_type"] = attachment.content_type
        if attachment.size:
            body["width"], body["height"] = attachment.size
        if attachment.description:
            body["description"] = attachment.description
        if attachment.ephemeral:
            body["ephemeral"] = True
        return body


def cleaned(filename: str) -> str:
    """A name as Discord stores it: no folders, blanks become underscores."""
    bare = filename.replace("\\", "/").rpartition("/")[2]
    return "_".join(bare.split()) or "unknown"


def content_type(filename: str, data: bytes) -> str | None:
    """By the bytes where they are a picture's, else by the name; the sender's word counts for nothing."""
    if data.startswith(PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    suffix = filename.rpartition(".")[2].lower()
    return KINDS.get(suffix)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height read from a picture's header; None for what is none or is broken."""
    try:
        return _picture_size(data)
    except (struct.error, IndexError):
        return None


def _picture_size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(PNG):
        return struct.unpack(">II", data[16:24])
    if data.startswith((b"GIF87a", b"GIF89a")):
        return struct.unpack("<HH", data[6:10])
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] == b"VP8X":
        wide, high = data[24:27], data[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if data[12:16] == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    wide, high = struct.unpack("<HH", data[26:30])
    return wide & 0x3FFF, high & 0x3FFF


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            high, wide = struct.unpack(">HH", data[at + 5 : at + 9])
            return wide, high
        at += 2 + length
    return None
