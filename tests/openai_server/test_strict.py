"""The stand-in is as strict as what it stands in for: held against the real client and its own helper."""

import pytest
from openai import AsyncOpenAI, BadRequestError, BaseModel, NotFoundError
from openai.lib._pydantic import to_strict_json_schema

from tests.openai_server import Server, Traits, said
from tests.openai_server.schemas import complaints

TALK = [{"role": "user", "content": "Say hello as JSON."}]


class Part(BaseModel, extra="forbid"):
    name: str
    weight: float | None


class Whole(BaseModel, extra="forbid"):
    parts: list[Part]
    note: str


def test_what_openais_own_helper_makes_is_taken():
    assert list(complaints("whole", True, to_strict_json_schema(Whole))) == []


def broken(**changes: object) -> dict:
    inner = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    return inner | {"additionalProperties": False} | changes


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (broken(additionalProperties=True), "additionalProperties"),
        (broken(additionalProperties={"type": "integer"}), "additionalProperties"),
        (broken(required=[]), "'required' is required"),
        (broken(properties={"a": {"type": "string", "minLength": 3}}), "'minLength' is not permitted"),
        (broken(properties={"a": {"type": "text"}}), "not a valid type"),
        (broken(properties={"a": {}}), "must have a 'type' key"),
        (broken(properties={"a": {"type": "array"}}), "missing items"),
        (broken(properties={"a": {"type": "string", "format": "uri"}}), "'format' 'uri'"),
        (broken(properties={"a": broken(required=[])}), "'required' is required"),
        (broken(allOf=[]), "'allOf' is not permitted"),
        ({"type": "array", "items": {"type": "string"}}, "must be a JSON Schema of"),
        (broken(properties={"a": {"type": "string", "enum": [f"a{i}" for i in range(1001)]}}), "1000"),
    ],
)  # fmt: skip
def test_what_strict_mode_refuses(schema: dict, why: str):
    assert any(why in complaint for complaint in complaints("x", True, schema))
    assert list(complaints("x", False, schema)) == []


def test_ten_levels_are_the_most():
    schema = broken()
    for _ in range(9):
        schema = broken(properties={"a": schema})
    assert list(complaints("x", True, schema)) == []
    assert any("nesting" in c for c in complaints("x", True, broken(properties={"a": schema})))


async def refusal(traits: Traits, **body: object) -> str:
    async with Server(said("hi"), traits) as server:
        client = AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0)
        async with client:
            wanted = {"model": "a-model", "messages": TALK} | body
            try:
                await client.chat.completions.create(**wanted)  # pyright: ignore[reportCallIssue, reportArgumentType] - wrong on purpose
            except (BadRequestError, NotFoundError) as error:
                assert not server.heard
                return str(error)
    return ""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("traits", "body", "why"),
    [
        (Traits(), {}, ""),
        (Traits(), {"extra_body": {"grammar": "x"}}, "Unrecognized request argument supplied: grammar"),
        (Traits(), {"model": "other"}, "does not exist"),
        (Traits(modern=True), {"max_tokens": 5}, "max_completion_tokens"),
        (Traits(modern=True), {"temperature": 0}, "temperature"),
        (Traits(modern=True), {"max_completion_tokens": 5}, ""),
        (Traits(formats=frozenset()), {"response_format": {"type": "json_object"}}, "not supported"),
        (Traits(), {"messages": [{"role": "user", "content": "hi"}],
                    "response_format": {"type": "json_object"}}, "the word 'json'"),
        (Traits(), {"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]}, "image"),
        (Traits(), {"messages": []}, "messages"),
        (Traits(mute=True), {"messages": []}, "Bad Request"),
    ],
)  # fmt: skip
async def test_requests_that_are_refused(traits: Traits, body: dict, why: str):
    told = await refusal(traits, **body)
    assert (why in told) if why else told == ""


@pytest.mark.asyncio
async def test_models_and_streams_as_the_client_reads_them():
    async with (
        Server(said("hello there, you")) as server,
        AsyncOpenAI(base_url=server.url, api_key="k") as client,
    ):
        assert [model.id async for model in client.models.list()] == ["a-model"]
        stream = await client.chat.completions.create(
            model="a-model",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        events = [event async for event in stream]
    text = "".join(e.choices[0].delta.content or "" for e in events if e.choices)
    assert text == "hello there, you"
    assert events[-1].usage is not None
    assert events[-1].usage.completion_tokens == 4
