"""`stylus adapters pin`: the file is fetched, stays whatever room is needed, and may go when it is unpinned."""

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Adapter
from tests.house.source import HOUSE

ADAPTERS = HOUSE / "miniature" / "data" / "adapters"
FILES = {name: (ADAPTERS / f"{name}.safetensors").read_bytes() for name in ("moonlit", "graphite")}
FACTS: dict[str, Any] = {"family_declared": "sd1-96"}
pytestmark = pytest.mark.slow


class Far(BaseHTTPRequestHandler):
    """Files of the miniature, far away."""

    def do_GET(self) -> None:
        data = FILES.get(self.path[1:], b"")
        self.send_response(200 if data else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Said to nobody."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A catalogue with two adapters that are far away and one that is here."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Far)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    cards = [
        Adapter(card_id=f"mine:{name}:1", name=name.title(), url=f"{url}/{name}", **FACTS)
        for name in (*FILES, "nowhere")
    ]
    here = str(ADAPTERS / "thunder.safetensors")
    cards.append(Adapter(card_id="mine:thunder:1", name="Thunder", path=here, **FACTS))
    items = tuple(Item(card=card) for card in cards)
    catalogue = Catalogue(tmp_path / "data" / "catalog" / "catalog.db")
    catalogue.take("mine", Page(items=items), "2026-11-28T00:00:00Z")
    try:
        yield tmp_path
    finally:
        server.shutdown()
        server.server_close()


def stylus(folder: Path, *words: str) -> Result:
    most = len(FILES["moonlit"]) + len(FILES["graphite"]) - 1
    settings = {
        "paths.data": folder / "data",
        "cards.builtin": "false",
        "catalog.allow_loopback": "true",
        "store.max_gb": f"{most / 1e9:.9f}",
    }
    flags = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    result = CliRunner().invoke(application(open_engine), [*flags, *words], prog_name="stylus")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(folder: Path, *words: str) -> Any:
    return json.loads(stylus(folder, *words, "--json").stdout)


def test_a_pinned_file_stays_when_room_is_needed(folder: Path):
    kept = stylus(folder, "adapters", "pin", "Moonlit")
    assert kept.stdout.strip().startswith("Moonlit stays (0.")
    assert [one["name"] for one in told(folder, "adapters", "pinned")] == ["Moonlit"]
    assert "Moonlit" in stylus(folder, "adapters", "pinned").stdout
    full = stylus(folder, "adapters", "pin", "Graphite")
    assert full.exit_code == 1
    assert full.stderr.strip().startswith("There is no room for Graphite: it has ")
    assert full.stderr.strip().count("\n") == 0
    assert told(folder, "adapters", "unpin", "Moonlit")["was_pinned"] is True
    assert "was not pinned" in stylus(folder, "adapters", "unpin", "Moonlit").stdout
    [old] = (folder / "data" / "weights").glob("*.safetensors")
    _rest(old)
    assert told(folder, "adapters", "pin", "Graphite")["file_bytes"] == len(FILES["graphite"])
    assert not old.exists()


def _rest(path: Path) -> None:
    """As if nobody had used it for a day."""
    then = time.time_ns() - 86400 * 10**9
    os.utime(path, ns=(then, then))


def test_what_need_not_or_cannot_be_pinned_is_one_sentence(folder: Path):
    own = stylus(folder, "adapters", "pin", "Thunder")
    assert own.exit_code == 0
    assert own.stdout.strip() == "Thunder lies in a folder of yours: nothing ever removes it."
    lost = stylus(folder, "adapters", "pin", "Nowhere")
    assert lost.exit_code == 1
    assert "404" in lost.stderr
    unknown = stylus(folder, "adapters", "pin", "Nobody")
    assert unknown.exit_code == 2
    assert unknown.stderr.strip().startswith("There is no adapter called")
    assert stylus(folder, "adapters", "pinned").stdout.strip() == "None is pinned."


def test_a_pin_whose_card_left_the_catalogue_is_taken_out_by_the_id_that_is_shown(folder: Path):
    told(folder, "adapters", "pin", "Moonlit")
    for file in (folder / "data" / "catalog").glob("catalog.db*"):
        file.unlink()
    [left] = told(folder, "adapters", "pinned")
    assert left["name"] == "mine:moonlit:1"
    gone = stylus(folder, "adapters", "unpin", left["name"])
    assert gone.stdout.strip() == "mine:moonlit:1 may go when room is needed."
    assert told(folder, "adapters", "pinned") == []
    assert stylus(folder, "adapters", "unpin", left["name"]).exit_code == 2
