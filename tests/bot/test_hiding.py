"""No secret reaches a log, by whatever way it tries."""

import logging

import pytest

from bot.hiding import HIDDEN, hiding, without

SECRET = "MTAw.GxYz.a-long-token_value"  # noqa: S105 - it is nobody's
ADDRESS = "https://discord.com/api/v10/webhooks/42/aW50ZXJhY3Rpb24.xyz-_/messages/@original"


def test_the_token_is_hidden_in_messages_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture):
    log = logging.getLogger("a library's own")
    with hiding(SECRET), caplog.at_level(logging.INFO):
        log.info("Bot %s", SECRET)
        log.info(f"in the text: {SECRET}")  # noqa: G004 - others do so
        log.info("%(token)s", {"token": SECRET})
        try:
            int(SECRET)
        except ValueError:
            log.exception("failed")
    assert len(caplog.records) == 4
    assert SECRET not in caplog.text
    assert caplog.text.count(HIDDEN) == 4
    assert "ValueError" in caplog.text


def test_an_interactions_token_is_hidden_in_addresses():
    shown = without(f"PATCH {ADDRESS} has returned 200", "")
    assert "aW50ZXJhY3Rpb24" not in shown
    assert shown.endswith("/messages/@original has returned 200")
    assert (
        without("/interactions/7/secret.token/callback", "") == f"/interactions/7/{HIDDEN}/callback"
    )


def test_afterwards_logging_is_as_it_was():
    before = logging.getLogRecordFactory()
    with hiding(SECRET):
        assert logging.getLogRecordFactory() is not before
    assert logging.getLogRecordFactory() is before


def test_an_odd_record_is_still_a_record(caplog: pytest.LogCaptureFixture):
    with hiding(""), caplog.at_level(logging.INFO):
        logging.getLogger("odd").info("100 % sure")
    assert "100 % sure" in caplog.text
