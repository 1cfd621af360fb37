"""Pictures are known by their bytes, ids rise, links are signed."""

import io
import json
import string
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from playground import permissions
from playground.files import Attachment, Store, cleaned, content_type, picture_size
from playground.gateway.sessions import Session
from playground.messages import Message, page
from playground.snowflakes import EPOCH_MS, Snowflakes, shard_of
from playground.world import User


def encoded(kind: str, size: tuple[int, int], **how: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "red").save(held, kind, **how)
    return held.getvalue()


@pytest.mark.parametrize(
    ("kind", "mime", "how"),
    [
        ("PNG", "image/png", {}),
        ("JPEG", "image/jpeg", {}),
        ("JPEG", "image/jpeg", {"progressive": True}),
        ("GIF", "image/gif", {}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"lossless": False}),
        ("WEBP", "image/webp", {"exif": b"Exif\0\0x"}),
    ],
)
@settings(deadline=None)
@given(size=st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_a_picture_tells_its_kind_and_size(kind: str, mime: str, how: dict, size: tuple[int, int]):
    data = encoded(kind, size, **how)
    assert content_type("x.txt", data) == mime
    assert picture_size(data) == size


@settings(deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]), st.integers(0, 200)
)
def test_broken_pictures_have_no_size_and_do_no_harm(noise: bytes, kind: str, cut: int):
    picture_size(noise)
    picture_size(encoded(kind, (9, 9))[:cut] + noise)


@settings(deadline=None)
@given(st.text(alphabet=string.printable, max_size=40))
def test_a_stored_name_has_no_folder_and_no_blank(name: str):
    kept = cleaned(name)
    assert kept
    assert not set(kept) & set("/\\ \t\n\r\x0b\x0c")


def test_a_link_is_signed_for_its_own_file():
    store = Store("http://here", 60)
    one, two = [store.keep(Attachment(n, 7, "a b?.png", b"", None, None)) for n in (1, 2)]
    path, _, query = store.url(one).partition("?")
    assert path == "http://here/cdn/attachments/7/1/a%20b%3F.png"
    until, since, seal = [part.partition("=")[2] for part in query.rstrip("&").split("&")]
    assert store.valid(one.id, until, since, seal)
    assert not store.valid(two.id, until, since, seal)
    assert not store.valid(one.id, f"{int(until, 16) + 1:x}", since, seal)
    assert not store.valid(one.id, "no number", since, seal)


def test_ids_rise_and_carry_the_time():
    ids = Snowflakes()
    made = [ids.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert (made[0] >> 22) + EPOCH_MS > 1_700_000_000_000
    assert shard_of(None, 8) == 0
    assert shard_of(5 << 22, 2) == 1


def test_permission_bits_are_discords():
    known = {"ADMINISTRATOR": 3, "VIEW_CHANNEL": 10, "ATTACH_FILES": 15, "MODERATE_MEMBERS": 40}
    assert {name: permissions.BITS[name] for name in known} == {n: 1 << b for n, b in known.items()}
    assert permissions.has(permissions.BITS["ADMINISTRATOR"], "BAN_MEMBERS")
    assert not permissions.has(permissions.BOT, "MANAGE_MESSAGES")


@settings(deadline=None)
@given(
    st.integers(0, 30),
    st.integers(1, 100),
    st.sampled_from(["before", "after", "around", None]),
    st.integers(-1, 31),
)
def test_pages_of_history(count: int, limit: int, bound: str | None, at: int):
    bot = User(1, "b", None)
    messages = [Message(n, 1, bot, 0.0) for n in range(count)]
    seen = [m.id for m in page(messages, limit=limit, **({bound: at} if bound else {}))]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) <= limit
    if bound == "before":
        assert seen == [n for n in range(count - 1, -1, -1) if n < at][:limit]
    if bound == "after":
        assert seen == [n for n in range(count) if n > at][:limit][::-1]
    if bound == "around" and 0 <= at < count:
        assert at in seen
    if bound is None:
        assert seen == list(range(count))[::-1][:limit]


def test_a_session_that_forgot_events_says_so():
    session = Session("s", 1, (0, 1), kept=deque(maxlen=2))
    for n in range(4):
        session.tell("TYPING_START", {"n": n})
    assert [json.loads(frame)["d"]["n"] for frame in session.missed(2) or []] == [2, 3]
    assert session.missed(4) == []
    assert session.missed(1) is None
