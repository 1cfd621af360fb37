"""A server in trouble, a wrong key, and how a server wants to be asked: the real client over real sockets."""

import pytest

from stylus_engine.catalog.refiner import asking
from stylus_engine.errors import BadSettings, SourceOdd, SourceRefused, SourceSilent
from tests.catalog.refiner.cards import (
    PNG,
    answer,
    known,
    purse,
    refined,
    refiner_of,
    server_at,
)  # fmt: skip
from tests.openai_server import (
    Dropped,
    Raw,
    Said,
    Server,
    Traits,
    failing,
    html,
    said,
)  # fmt: skip

NO_FORMATS: frozenset[str] = frozenset()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        html(),
        Raw(b""),
        Raw(b"null"),
        Raw(b"[]"),
        Raw(b'{"choices": "none"}'),
        Raw(b'{"choices": [{"message": "hi"}]}'),
        Raw(b'{"error": "busy"}'),
        Raw(b"\xff\xfe\x00"),
        Raw(b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
        Raw(b"[" * 100_000),
        said(answer(), more={"choices": [{"message": {"content": ["a", "list"]}}]}),
    ],
    ids=lambda raw: getattr(raw, "body", b"list")[:14],
)
async def test_what_is_no_completion_is_the_servers_fault(body):
    with pytest.raises(SourceOdd, match="it is no chat completion; is the base_url right"):
        await refined(body)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answering", "error", "why"),
    [
        (failing(500), SourceSilent, "500, .*not your fault"),
        (failing(429, "Slow down."), SourceSilent, "429, .*Slow down"),
        (failing(503), SourceSilent, "503"),
        (Dropped(), SourceSilent, "the connection failed"),
        (said(answer(), seconds=5), SourceSilent, "no answer in 0.3 s"),
        (failing(403, "No."), SourceRefused, "403"),
        (html("Not here", 404), SourceRefused, "404"),
        (failing(402, "Pay."), SourceRefused, "402"),
    ],
)
async def test_a_server_in_trouble_is_an_error_and_costs_what_it_took_in(
    answering, error, why: str
):
    """A refusal costs nothing. What was read and never answered costs the question, by estimate."""
    held = purse()
    async with Server(answering) as server, server_at(server.url, held, timeout=0.3) as ours:
        with pytest.raises(error, match=why):
            await refiner_of(ours).describe(known())
    asked = asking.ask(known(), (), "a-model").tokens
    read = isinstance(answering, Dropped | Said)
    assert (held.tokens_in, held.tokens_out) == (asked * read, 0)
    assert (held.calls, held.guessed) == (read, read)


@pytest.mark.asyncio
async def test_each_try_that_was_read_is_paid_for():
    held = purse()
    async with (
        Server(Dropped()) as server,
        server_at(server.url, held, retries=2) as ours,
    ):
        with pytest.raises(SourceSilent):
            await refiner_of(ours).describe(known())
    assert held.tokens_in == 3 * asking.ask(known(), (), "a-model").tokens


@pytest.mark.asyncio
async def test_nobody_there():
    async with Server(said("")) as server:
        url = server.url
    with pytest.raises(SourceSilent, match="the connection failed"):
        async with server_at(url) as ours:
            await refiner_of(ours).describe(known())


@pytest.mark.asyncio
async def test_retry_after_is_waited_for():
    answers = [failing(429, retry_after=0.05), said(answer())]
    async with Server(answers) as server, server_at(server.url, retries=1) as ours:
        told = await refiner_of(ours).describe(known())
    assert (told.how, len(server.asked)) == ("model", 2)


@pytest.mark.asyncio
async def test_the_key_is_never_told():
    strict = Server(said(answer()), Traits(key="sk-right"))
    async with strict as server, server_at(server.url, key="sk-very-secret") as ours:
        with pytest.raises(SourceRefused, match="Incorrect API key provided: …") as told:
            await refiner_of(ours).describe(known())
    assert "secret" not in repr(told.value) + str(told.value) + repr(ours.endpoint)


@pytest.mark.parametrize(
    ("endpoint", "key", "where"),
    [
        ({"base_url": "file:///etc/passwd"}, "k", "refiner.base_url"),
        ({"base_url": "not an address"}, "k", "refiner.base_url"),
        ({"model": " "}, "k", "refiner.model"),
        ({}, "k\nX-Evil: 1", "refiner.api_key"),
        ({}, "ключ", "refiner.api_key"),
    ],
)
def test_settings_that_cannot_be(endpoint: dict, key: str, where: str):
    with pytest.raises(BadSettings, match=where) as told:
        server_at("http://127.0.0.1/v1", key=key, **endpoint)
    assert key not in str(told.value) or key == "k"


# --- ways --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("traits", "form", "pictures"),
    [
        (Traits(), "json_schema", 1),
        (Traits(formats=frozenset({"json_object"})), "json_object", 1),
        (Traits(formats=NO_FORMATS), "", 1),
        (Traits(sees=False), "json_schema", 0),
        (Traits(sees=False, formats=NO_FORMATS), "", 0),
        (Traits(modern=True), "json_schema", 1),
        (Traits(modern=True, sees=False, formats=frozenset({"json_object"})), "json_object", 0),
        (Traits(mute=True, formats=frozenset({"json_object"})), "json_object", 1),
        (Traits(mute=True, sees=False, formats=NO_FORMATS), "", 0),
    ],
)
async def test_how_a_server_wants_to_be_asked_is_found_out_once(traits, form: str, pictures: int):
    async with Server(said(answer()), traits) as server, server_at(server.url) as ours:
        refiner = refiner_of(ours, PNG)
        for number in range(5):
            told = await refiner.describe(known(f"Dragon {number}"))
            assert told.how == "model"
        assert {(asked.form, len(asked.pictures)) for asked in server.heard} == {(form, pictures)}
        assert [bool(asked.refused) for asked in server.asked[-3:]] == [False] * 3
        assert len(server.asked) <= 5 + 2 * 7


@pytest.mark.asyncio
async def test_a_card_that_is_refused_is_written_by_the_rules_and_the_way_stays():
    def answering(asked):
        return (
            failing(400, "Your request was rejected.") if "Nasty" in asked.user else said(answer())
        )

    async with Server(answering) as server, server_at(server.url) as ours:
        refiner = refiner_of(ours, PNG)
        hows = [(await refiner.describe(known(name))).how for name in ("A cat", "Nasty", "A dog")]
        assert hows == ["model", "rules", "model"]
        assert len(server.asked) == 3
        assert server.asked[-1].form == "json_schema"


@pytest.mark.asyncio
async def test_a_first_card_that_is_refused_on_every_way_is_nobodys_description():
    with pytest.raises(SourceRefused, match="400"):
        await refined(failing(400, "No."), PNG)
