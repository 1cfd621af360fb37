"""Frames over a socket pair: whole, or a broken channel; never half a frame, never a hang."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylus_engine.model import (
    Candidate,
    Drawn,
    Failed,
    Fetching,
    Picture,
    Planned,
    Start,
    Started,
    Stepped,
)
from stylus_engine.workers import frames
from stylus_engine.workers.channel import Channel, ChannelBroken, FrameTooLong, to_bot, to_worker
from stylus_engine.workers.frames import (
    Add,
    Added,
    Arrange,
    Arranged,
    Beat,
    Begin,
    Begun,
    Cards,
    Check,
    Checking,
    Draw,
    Drop,
    Fetch,
    Fetched,
    Found,
    FromWorker,
    Happened,
    Inspect,
    Inspected,
    Lookup,
    Meanwhile,
    Named,
    Pack,
    Packed,
    Prepare,
    Ready,
    Refused,
    Rest,
    Rested,
    Search,
    ToWorker,
)
from tests.model.nouns import INK, MANIFEST, PLAN, REQUEST, SHOT

GOLDEN = Path(__file__).parents[1] / "golden" / "frames-v1.jsonl"
PICTURE = Picture(id="ab" * 32, path="/p.png", width=8, height=8, manifest=MANIFEST)
COMING = Fetching(job="j", name="Ink & Wash", done=1, of=2)
EVENTS = (
    Planned(job="j", plan=PLAN),
    COMING,
    Started(job="j", shot="s"),
    Stepped(job="j", shot="s", step=1, of=2, preview=b"\x89PNG"),
    Drawn(job="j", shot="s", picture=PICTURE),
    Failed(job="j", shot="", kind="Busy", sentence="Later."),
)
DOWN: tuple[ToWorker, ...] = (
    Arrange(call=1, job="j", request=REQUEST),
    Arrange(call=1, job="j", request=REQUEST, plan=PLAN, masks=("1.0",), order_seed=3),
    Fetch(call=10, job="j", shots=(SHOT,), whose="7"),
    Search(call=2, text="ink", k=5, offset=10),
    Lookup(call=3, names=("a", "b")),
    Inspect(call=4, data=b"\0" * 1000),
    Begin(call=11, data=b"\0", name="a.jpg", mask=b"\1", mask_name="m.png", strength=0.5),
    Add(call=8, url="https://x.example/a.safetensors", data=b"\0", name="a", by="1"),
    Check(call=9),
    Check(call=9, ended=(EVENTS[-1],)),
    Pack(call=5, paths=("/a.png",), most_each=1, most_all=2, strip=True),
    Draw(job="j", fence=2, shots=(SHOT, SHOT)),
    Drop(job="j"),
    Prepare(job="j", adapter=INK),
    Rest(call=6),
)
UP: tuple[FromWorker, ...] = (
    Ready(role="drawer", pid=1, slots=4, checkpoints=("a",)),
    Beat(steps=9, loaded=True, counts={"loads": 2}),
    Arranged(call=1, plan=PLAN, order=("1.0",), total=3, shots=(SHOT,)),
    Arranged(
        call=1,
        plan=PLAN,
        order=(),
        total=3,
        shots=(SHOT,),
        absent=("Ink & Wash",),
    ),
    Fetched(call=10),
    Fetched(
        call=10,
        lost=(Failed(job="j", shot="s", kind="SourceSilent", sentence="It is silent."),),
    ),
    Found(call=2, candidates=(Candidate(adapter=INK, concept="", similarity=1, rank=1),), total=9),
    Cards(call=3, adapters=(INK,)),
    Inspected(call=4, manifest=MANIFEST),
    Inspected(call=4, manifest=None),
    Begun(call=11, start=Start(picture="ab" * 32, width=640, height=480)),
    Packed(call=5, paths=("/a.webp",)),
    Rested(call=6),
    Added(call=8, adapter=INK, fresh=False, why_not="It is quarantined."),
    Checking(call=9),
    Checking(call=9, job="check-1", shots=(SHOT,)),
    Meanwhile(call=1, event=COMING),
    Named(job="j", adapter=INK),
    *(Happened(job="j", fence=2, event=event) for event in EVENTS),
    Refused(call=7, kind="Busy", sentence="Later."),
)


@asynccontextmanager
async def pair() -> AsyncGenerator[
    tuple[Channel[FromWorker, ToWorker], Channel[ToWorker, FromWorker]]
]:
    ours, theirs = socket.socketpair()
    bot, worker = await to_worker(ours), await to_bot(theirs)
    try:
        yield bot, worker
    finally:
        bot.close()
        worker.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def raw(
    most_bytes: int = frames.MOST_BYTES,
) -> AsyncGenerator[tuple[Channel[FromWorker, ToWorker], socket.socket]]:
    """A channel, and the bare socket of somebody who may say anything."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    channel: Channel[FromWorker, ToWorker] = Channel(
        reader, writer, msgspec.msgpack.Decoder(FromWorker), most_bytes
    )
    try:
        yield channel, theirs
    finally:
        channel.close()
        theirs.close()
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_every_frame_arrives_as_it_was_sent() -> None:
    assert {type(frame) for frame in DOWN} == set(get_args(ToWorker))
    assert {type(frame) for frame in UP} == set(get_args(FromWorker))
    async with pair() as (bot, worker):
        for frame in DOWN:
            await bot.send(frame)
            assert await worker.receive() == frame
        for frame in UP:
            await worker.send(frame)
            assert await bot.receive() == frame


@pytest.mark.asyncio
async def test_frames_of_many_senders_do_not_mix() -> None:
    big = [Inspect(call=n, data=bytes([n]) * 300_000) for n in range(8)]
    async with pair() as (bot, worker):
        sending = asyncio.gather(*(bot.send(frame) for frame in big))
        got = [await worker.receive() for _ in big]
        await sending
    assert sorted(got, key=lambda frame: getattr(frame, "call", 0)) == big


@pytest.mark.asyncio
async def test_the_end_between_frames_is_the_end() -> None:
    async with pair() as (bot, worker):
        await worker.send(Beat())
        worker.close()
        assert [frame async for frame in bot.frames()] == [Beat()]


@pytest.mark.asyncio
@pytest.mark.parametrize("cut", [1, 3, 4, 5, 11])
async def test_the_end_within_a_frame_is_a_break(cut: int) -> None:
    body = msgspec.msgpack.encode(Beat())
    data = struct.pack(">I", len(body)) + body
    assert cut < len(data)
    async with raw() as (channel, socket_):
        socket_.sendall(data[:cut])
        socket_.close()
        with pytest.raises(ChannelBroken):
            await channel.receive()


@pytest.mark.asyncio
async def test_an_announced_monster_is_refused_before_it_is_read() -> None:
    async with raw() as (channel, socket_):
        socket_.sendall(struct.pack(">I", frames.MOST_BYTES + 1))
        with pytest.raises(ChannelBroken, match="announced"):
            await asyncio.wait_for(channel.receive(), 5)


@pytest.mark.asyncio
async def test_an_announced_frame_takes_no_memory_before_it_comes() -> None:
    async with raw() as (channel, socket_):
        socket_.sendall(struct.pack(">I", frames.MOST_BYTES))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.receive(), 0.1)
        assert len(channel._reader._buffer) == 0  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own, to look inside


@pytest.mark.asyncio
async def test_what_is_too_long_to_send_is_not_sent_and_nothing_breaks() -> None:
    async with raw(most_bytes=1000) as (channel, socket_):
        with pytest.raises(FrameTooLong):
            await channel.send(Inspect(call=1, data=b"x" * 1000))
        await channel.send(Drop(job="j"))
        length = struct.unpack(">I", socket_.recv(4))[0]
        assert msgspec.msgpack.decode(socket_.recv(length), type=ToWorker) == Drop(job="j")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"hello",
        msgspec.msgpack.encode(Drop(job="j")),  # the other direction's
        msgspec.msgpack.encode({"frame": "beat", "steps": "many"}),
        msgspec.msgpack.encode({"frame": "beat", "extra": 1}),
        msgspec.msgpack.encode({"frame": "nonsense"}),
        b"\x91" * 5000,
        msgspec.msgpack.encode({"frame": "happened", "job": "j", "fence": 1, "event": {}}),
    ],
)
async def test_what_is_no_frame_breaks_the_channel(body: bytes) -> None:
    async with raw() as (channel, socket_):
        socket_.sendall(struct.pack(">I", len(body)) + body)
        with pytest.raises(ChannelBroken):
            await asyncio.wait_for(channel.receive(), 5)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_frame_or_a_break(data: bytes) -> None:
    async def hear() -> None:
        async with raw(most_bytes=1 << 20) as (channel, socket_):
            socket_.sendall(data)
            socket_.close()
            try:
                async for frame in channel.frames():
                    assert isinstance(frame, get_args(FromWorker))
            except ChannelBroken:
                pass

    asyncio.run(asyncio.wait_for(hear(), 5))


@pytest.mark.asyncio
async def test_a_noun_that_refuses_its_own_numbers_breaks_the_channel() -> None:
    tree = msgspec.to_builtins(UP[2], builtin_types=(bytes,))
    tree["shots"][0]["seed"] = -1
    body = msgspec.msgpack.encode(tree)
    async with raw() as (channel, socket_):
        socket_.sendall(struct.pack(">I", len(body)) + body)
        with pytest.raises(ChannelBroken, match="Seed"):
            await channel.receive()


@pytest.mark.asyncio
async def test_sending_to_somebody_who_is_gone_is_a_break() -> None:
    async def say_a_lot(channel: Channel[FromWorker, ToWorker]) -> None:
        for _ in range(100):
            await channel.send(Drop(job="j"))
            await asyncio.sleep(0)

    async with raw() as (channel, socket_):
        socket_.close()
        with pytest.raises(ChannelBroken):
            await say_a_lot(channel)


def test_frames_of_this_version_are_still_read() -> None:
    """Both ends come from one tree; the file tells when a frame changes and `VERSION` does not."""
    assert frames.VERSION == 1
    down, up = GOLDEN.read_bytes().splitlines()
    assert msgspec.json.decode(down, type=tuple[ToWorker, ...]) == DOWN
    assert msgspec.json.decode(up, type=tuple[FromWorker, ...]) == UP
