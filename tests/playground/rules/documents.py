"""Discord's OpenAPI document, where it lies beside the repository; it is not part of it."""

import warnings
from functools import cache
from pathlib import Path

import pytest

from playground.openapi import Spec

DOCUMENT = Path(__file__).parents[4] / "shared" / "discord-openapi.json"
MISSING = (
    f"DISCORD'S OPENAPI DOCUMENT IS ABSENT ({DOCUMENT.name} beside the repository): "
    "our rules were not compared with it."
)


@cache
def spec() -> Spec:
    """Skips loudly where there is none."""
    if not DOCUMENT.is_file():
        with warnings.catch_warnings():
            warnings.simplefilter("always")  # to be told is no error
            warnings.warn(MISSING, UserWarning, stacklevel=2)
        pytest.skip(MISSING)
    return Spec(DOCUMENT)
