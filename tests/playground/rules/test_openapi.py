"""The document as a judge: requests, answers, objects; sentences that say where and what."""

import time
from statistics import median

import pytest

from tests.playground.rules.documents import spec
from tests.playground.rules.payloads import PATHS, Sent, valid

POST = ("POST", "/channels/1/messages")
CALL = ("POST", "/interactions/1/token/callback")
BUTTON = {"type": 2, "style": 1, "label": "x", "custom_id": "b"}
JSON = "application/json"


def row(**fields: object) -> dict[str, object]:
    return {"components": [{"type": 1, "components": [{**BUTTON, **fields}]}]}


def test_a_request_without_a_fault():
    assert spec().request(*POST, row()) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (row(label="x" * 81), "components[0].components[0].label: the value is longer than 80 characters"),
        (row(style=9), "components[0].components[0].style: the value is none of 1, 2, 3, 4, 5, 6"),
        (row(url="no url"), 'components[0].components[0].url: the value is not a "uri"'),
        (row(id=2**31), "components[0].components[0].id: the value is greater than the maximum of 2147483647"),
        ({"components": [BUTTON]}, "components[0].type: the value is none of 1, 17, 13, 12, 9, 14, 10"),
        ({"nonce": "x" * 26}, "nonce: the value is longer than 25 characters"),
        ([], 'body: the value is not of type "object"'),
    ],
)  # fmt: skip
def test_only_the_branch_that_was_meant_speaks(body: object, sentence: str):
    assert spec().request(*POST, body) == [sentence]


def test_an_answer_to_an_interaction_is_told_by_its_type():
    said = spec().request(*CALL, {"type": 4, "data": {"content": "x" * 2001}})
    assert said == ["data.content: the value is longer than 2000 characters"]
    assert spec().request(*CALL, {"type": 4, "data": {"content": "x" * 2000}}) == []


def test_ids_may_be_numbers_in_requests_and_never_in_answers():
    assert spec().request(*POST, {"attachments": [{"id": 0}]}) == []
    assert spec().request(*POST, {"attachments": [{"id": "x"}]}) != []
    assert spec().request(*POST, {"attachments": [{"id": -1}]}) != []
    assert 'id: the value is not of type "string"' in spec().schema("UserResponse", {"id": 1})


def test_files_are_judged_by_the_json_beside_them():
    kind = "multipart/form-data; boundary=x"
    patch = ("PATCH", "/webhooks/1/token/messages/@original")
    assert spec().request(*patch, {"attachments": [{"id": 0, "filename": "a.png"}]}, kind) == []
    assert spec().request(*patch, {"content": "x" * 2001}, kind) != []


def test_original_is_not_an_id():
    there = spec()._operation("PATCH", "/webhooks/1/token/messages/@original")
    assert there[1].endswith("/@original")
    assert spec()._operation("PATCH", "/webhooks/1/token/messages/7")[1].endswith("{message_id}")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("POST", "/nowhere", {}, JSON), "POST /nowhere: not in the document"),
        (("DELETE", "/users/@me", None, JSON), "DELETE /users/@me: not in the document"),
        ((*POST, None, JSON), "a body is required"),
        ((*POST, {}, "text/plain"), "Content-Type 'text/plain': not in the document"),
    ],
)
def test_what_the_document_does_not_hold(asked: tuple[str, str, object, str], sentence: str):
    assert spec().request(*asked) == [sentence]


def test_a_get_needs_no_body():
    assert spec().request("GET", "/users/@me", None, "") == []


def test_answers():
    error = {"message": "Unknown Message", "code": 10008}
    assert spec().response("GET", "/users/@me", 404, error) == []
    assert spec().response("GET", "/users/@me", 404, {"code": 1}) == [
        'body: "message" is a required property'
    ]
    limited = {"message": "Slow", "code": 0, "retry_after": 0.5, "global": False}
    assert spec().response("GET", "/users/@me", 429, limited) == []
    assert spec().response("GET", "/users/@me", 429, error) != []
    assert spec().response(*CALL, 204, None) == []
    assert spec().response(*CALL, 204, {}) == ["status 204: no body is foreseen"]
    assert spec().response("GET", "/users/@me", 302, None) == ["status 302: not in the document"]
    assert spec().response("GET", "/users/@me", 502, "gone") == []
    assert spec().response("GET", "/nowhere", 200, {}) == ["GET /nowhere: not in the document"]


def test_schemas_by_name():
    member = spec().schema("GuildMemberResponse", {})
    assert 'body: "user" is a required property' in member
    with pytest.raises(KeyError):
        spec().schema("Nobody", {})


def test_it_is_quick():
    """Two milliseconds a body, the first of each kind aside; a slow machine gets ten times that."""

    def seconds(sent: Sent) -> float:
        start = time.perf_counter()
        spec().request(*PATHS[sent.operation], sent.body, sent.content_type)
        return time.perf_counter() - start

    for sent in valid():
        seconds(sent)
    assert median(seconds(sent) for sent in valid()) < 0.02
