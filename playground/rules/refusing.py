"""Findings in the words of Discord's error body."""

from collections.abc import Sequence

from playground.rules.nouns import Finding, Path

INVALID_FORM_BODY = 50035
TOO_BIG = 413
UNREADABLE = Finding((), "", "The request body contains invalid JSON.", 50109, rule="json")
"""For a body that is no JSON at all: nothing is left to judge."""


def content_type(found: str) -> Finding:
    """The finding for a Content-Type that Discord does not read."""
    readable = "'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'"
    said = f'Expected "Content-Type" header to be one of {{{readable}}}, not {found!r}.'
    return Finding(("_misc",), "CONTENT_TYPE_INVALID", said, rule="content-type")


def refusal(findings: Sequence[Finding]) -> tuple[int, dict[str, object]]:
    """HTTP status and body; `findings` must not be empty.

    What is too big (413) is not read at all.  Then comes the form: 50035 lists all that is wrong
    with it.  A finding with another code of its own (50006 …) is said where the form is right.
    """
    form = [finding for finding in findings if finding.code == INVALID_FORM_BODY]
    unread = [finding for finding in findings if finding.status == TOO_BIG]
    if unread or not form:
        first = (unread or findings)[0]
        return first.status, {"message": first.message, "code": first.code}
    errors: dict[str, object] = {}
    for finding in form:
        _plant(errors, finding.path, {"code": finding.error, "message": finding.message})
    return 400, {"message": "Invalid Form Body", "code": INVALID_FORM_BODY, "errors": errors}


def _plant(tree: dict[str, object], path: Path, leaf: dict[str, str]) -> None:
    for step in path:
        below = tree.setdefault(str(step), {})
        tree = below if isinstance(below, dict) else tree  # pyright: ignore[reportUnknownVariableType] it is the one that was set here
    said = tree.setdefault("_errors", [])
    if isinstance(said, list):
        said.append(leaf)  # pyright: ignore[reportUnknownMemberType] a list of leaves
