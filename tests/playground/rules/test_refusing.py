"""Findings become Discord's error body."""

from playground.rules import UNREADABLE, Context, Finding, Operation, content_type, judge, refusal

TOO_LONG = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}


def test_a_form_error_is_nested_as_discord_nests_it():
    body = {"type": 4, "data": {"embeds": [{"title": "x" * 257}]}}
    assert refusal(judge(Operation.CALLBACK, body, Context(interaction=2))) == (
        400,
        {
            "message": "Invalid Form Body",
            "code": 50035,
            "errors": {"data": {"embeds": {"0": {"title": {"_errors": [TOO_LONG]}}}}},
        },
    )


def test_many_errors_share_one_tree():
    findings = [
        Finding(("a", 0), "X", "x"),
        Finding(("a", 1), "Y", "y"),
        Finding(("a", 0), "Z", "z"),
    ]
    errors = refusal(findings)[1]["errors"]
    first = [{"code": "X", "message": "x"}, {"code": "Z", "message": "z"}]
    assert errors == {
        "a": {"0": {"_errors": first}, "1": {"_errors": [{"code": "Y", "message": "y"}]}}
    }


def test_an_error_above_another_keeps_both():
    errors = refusal([Finding((), "X", "x"), Finding(("_errors",), "Y", "y")])[1]["errors"]
    assert errors == {"_errors": [{"code": "X", "message": "x"}, {"code": "Y", "message": "y"}]}


def test_an_empty_message_has_its_own_code():
    said = refusal(judge(Operation.MESSAGE_CREATE, {}, Context()))
    assert said == (400, {"message": "Cannot send an empty message", "code": 50006})


def test_too_big_is_413():
    said = refusal(judge(Operation.MESSAGE_CREATE, {"content": "x"}, Context(request_size=1 << 25)))
    assert said == (413, {"message": "Request entity too large", "code": 40005})


def test_what_is_too_big_is_not_read():
    said = refusal(judge(Operation.MESSAGE_CREATE, {"flags": "x"}, Context(request_size=1 << 25)))
    assert (said[0], said[1]["code"]) == (413, 40005)


def test_the_form_is_looked_at_before_what_it_says():
    said = refusal(judge(Operation.MESSAGE_CREATE, {"flags": "x"}, Context()))
    assert (said[0], said[1]["code"]) == (400, 50035)


def test_no_json_and_the_wrong_type_of_content():
    assert refusal([UNREADABLE])[1]["code"] == 50109
    status, said = refusal([content_type("text/plain")])
    assert (status, said["code"]) == (400, 50035)
    assert "text/plain" in str(said["errors"])


def test_an_operation_may_be_named_by_a_word():
    word: Operation = "message.create"  # pyright: ignore[reportAssignmentType] what JSON holds
    assert judge(word, {"content": "x"}, Context()) == []


def test_too_many_commands_have_codes_of_their_own():
    menus = [{"type": 2, "name": f"U {n}"} for n in range(16)]
    said = refusal(judge(Operation.COMMANDS_PUT, menus, Context()))
    assert said == (
        400,
        {"message": "Maximum number of application commands reached (15).", "code": 30032},
    )
    status, told = refusal(judge(Operation.COMMANDS_PUT, menus[:1], Context(created_today=200)))
    assert (status, told["code"]) == (400, 30034)
