"""JSON as JavaScript writes a text that was cut within an emoji: half of a surrogate pair.

Such an escape is well-formed to whoever wrote it, and no text to msgspec (RFC 8259, 8.2).
One record with it would cost the whole page that it stands on.
"""

import re

_ESCAPE = re.compile(
    rb"\\(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|(u[Dd][89A-Fa-f][0-9A-Fa-f]{2})|.)",
    re.DOTALL,
)


def without_halves(data: bytes) -> bytes:
    """The same JSON without halves of pairs; other escapes stay, and a backslash before `ud83d` too."""
    return _ESCAPE.sub(lambda found: b"" if found[1] else found[0], data)
