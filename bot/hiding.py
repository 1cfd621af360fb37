"""Nothing secret reaches a log: not the bot's token, not the tokens in addresses.

A record is cleaned where it is made, so that no handler, present or future, sees it
otherwise; tracebacks are written out here for the same reason.
"""

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

HIDDEN = "[hidden]"
_IN_ADDRESSES = re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.~-]+")
_PLAIN = logging.Formatter()


@contextmanager
def hiding(secret: str) -> Generator[None, None, None]:
    """Keep `secret` out of every log record until the block ends."""
    before = logging.getLogRecordFactory()

    def clean(*arguments: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401  whatever logging hands to its factory
        return cleaned(before(*arguments, **named), secret)

    logging.setLogRecordFactory(clean)
    try:
        yield
    finally:
        logging.setLogRecordFactory(before)


def cleaned(record: logging.LogRecord, secret: str) -> logging.LogRecord:
    """The same record without secrets in its message or its traceback."""
    record.msg = without(record.getMessage(), secret)
    record.args = None
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = without(_PLAIN.formatException(record.exc_info), secret)
    return record


def without(text: str, secret: str) -> str:
    """`text` with the secret, and whatever follows an interaction's number in an address, hidden."""
    shown = text.replace(secret, HIDDEN) if secret else text
    return _IN_ADDRESSES.sub(rf"\1{HIDDEN}", shown)
