"""What Discord refuses: the stand-in's own table of limits, complete by itself.

It knows JSON bodies and their `Context`.  It never knows sockets, tokens, clocks, rights or
who is online: those refusals are the server's.  Everything here is pure and total: any JSON
may be judged, nothing is raised.

    findings = judge(Operation.CALLBACK, body, Context(interaction=2, files=files))
    if findings:
        status, answer = refusal(findings)

A rule is a row of a table (`fields`) or a function of a few lines (`@rule`); `tree` walks a
body and calls it a message, an embed, a button; `book` gathers all rules.  A multipart request
is judged by its `payload_json`, with the sizes of its files in the context.
"""

from playground.rules.judging import judge
from playground.rules.nouns import Context, Finding, MessageFlag, Operation, Upload
from playground.rules.refusing import UNREADABLE, content_type, refusal

__all__ = [
    "UNREADABLE",
    "Context",
    "Finding",
    "MessageFlag",
    "Operation",
    "Upload",
    "content_type",
    "judge",
    "refusal",
]
