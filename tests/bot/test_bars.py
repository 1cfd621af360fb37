"""Bars on a terminal: what comes before the drawing has one too."""

import io

from rich.console import Console

from bot.cli.bars import Bars
from stylus_engine.model import Fetching


def test_a_file_that_is_fetched_has_a_bar_until_it_is_here():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with Bars(console, "choosing") as bars:
        for done in (0, 70_000_000, 144_000_000):
            bars.take(Fetching(job="j", name="[b]Ink\x1b[31m", done=done, of=144_000_000))
            bars._progress.refresh()
            if done < 144_000_000:
                assert "fetching [b]Ink [31m, 144 MB" in out.getvalue()
        assert [task.description for task in bars._progress.tasks] == ["choosing"]
    assert "70 MB" in out.getvalue()
