"""The token: from the environment or a file, shown to nobody."""

import os
import stat
from pathlib import Path

import pytest

from bot import secrets
from bot.sections import DiscordSettings
from bot.settings import SECRETS, load
from stylus_engine.errors import BadSettings

TOKEN = "MTA.not-a-real-one.XYZ"  # noqa: S105 - it opens nothing


def test_a_token_comes_from_the_environment_or_a_file(tmp_path: Path):
    file = tmp_path / "token"
    secrets.keep(file, TOKEN)
    named = load(None, {"STYLUS_DISCORD__TOKEN": TOKEN}).discord
    filed = load(None, {"STYLUS_DISCORD__TOKEN_FILE": str(file)}).discord
    assert secrets.token(named) == secrets.token(filed) == TOKEN


def test_a_kept_token_is_readable_by_its_owner_alone(tmp_path: Path):
    before = os.umask(0)
    try:
        secrets.keep(tmp_path / "new" / "token", TOKEN)
        secrets.keep(tmp_path / "new" / "token", TOKEN)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "token").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["token"]


@pytest.mark.parametrize("content", ["", "  \n", None, b"\xff\xfe\xff"])
def test_no_token_is_one_sentence(tmp_path: Path, content: str | bytes | None):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadSettings) as refused:
        secrets.token(DiscordSettings(token_file=str(file)))
    assert "\n" not in str(refused.value)


def test_settings_never_show_the_token():
    settings = load(None, {"STYLUS_DISCORD__TOKEN": TOKEN})
    assert TOKEN not in f"{settings} {settings!r} {settings.discord}"


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        (["discord.token=a", "discord.token_file=b"], "discord.token_file"),
        (["discord.api=https://discord.example"], "discord.api"),
        (["discord.api=http://127.0.0.1.evil.example:80"], "discord.api"),
        (["discord.api=http://user@evil.example/127.0.0.1"], "discord.api"),
        (["line.beat_seconds=20"], "line.beat_seconds"),
        (["delivery.token_margin_seconds=901"], "delivery.token_margin_seconds"),
        (['workers.devices=["cuda:0", "cuda:1"]'], "workers.devices"),
        (["line.running=0"], "line.running"),
        (["health.port=70000"], "health.port"),
    ],
)
def test_contradictions_are_refused_by_name(flags: list[str], where: str):
    with pytest.raises(BadSettings) as refused:
        load(None, {}, flags)
    assert where in str(refused.value)


@pytest.mark.parametrize("api", ["http://127.0.0.1:80", "http://localhost:8080", "http://[::1]:1"])
def test_the_playground_may_be_on_this_machine(api: str):
    assert load(None, {}, [f"discord.api={api}"]).discord.api == api


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_no_secret_is_shown_and_each_has_one_place(tmp_path: Path, section: str, key: str):
    name = f"STYLUS_{section}__{key}".upper()
    settings = load(None, {name: TOKEN})
    assert TOKEN not in repr(settings)
    assert secrets.secret(getattr(settings, section), key, section) == TOKEN
    file = tmp_path / "secret"
    secrets.keep(file, TOKEN)
    filed = getattr(load(None, {f"{name}_FILE": str(file)}), section)
    assert secrets.secret(filed, key, section) == TOKEN
    assert secrets.secret(secrets.without(filed, key), key, section) == ""
    with pytest.raises(BadSettings, match="keep one of the two"):
        load(None, {name: TOKEN, f"{name}_FILE": str(file)})


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"STYLUS_EMBEDDER__KIND": "remote"}, "embedder.model"),
        ({"STYLUS_EMBEDDER__KIND": "remote", "STYLUS_EMBEDDER__MODEL": "m"}, "embedder.dimensions"),
        ({"STYLUS_REFINER__BASE_URL": "https://x.example"}, "refiner.model"),
        ({"STYLUS_CATALOG__CIVITAI_URL": "http://x.example"}, "https address"),
        ({"STYLUS_CATALOG__HUGGINGFACE_URL": "http://127.0.0.1:8"}, "https address"),
    ],
)
def test_a_catalog_that_cannot_be_is_refused(environment: dict[str, str], why: str):
    with pytest.raises(BadSettings, match=why):
        load(None, environment)


def test_this_machine_may_be_asked_where_somebody_allows_it():
    allowed = {
        "STYLUS_CATALOG__CIVITAI_URL": "http://127.0.0.1:8",
        "STYLUS_CATALOG__ALLOW_LOOPBACK": "true",
    }
    assert load(None, allowed).catalog.allow_loopback
