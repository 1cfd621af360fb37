"""A config.toml is edited, not replaced."""

import tomllib
from pathlib import Path

import pytest

from bot.settings import load
from bot.setup.writing import merge, save
from stylus_engine.errors import BadSettings


def test_comments_and_other_keys_stay(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[drawing]\nsteps = 9 # few\n[checkpoints]\ndefault = "old"\n')
    text = merge(file, {"checkpoints": {"default": "miniature"}, "cards": {"folders": ["/a"]}})
    assert "# mine" in text
    assert "steps = 9 # few" in text
    assert tomllib.loads(text) == {
        "drawing": {"steps": 9},
        "checkpoints": {"default": "miniature"},
        "cards": {"folders": ["/a"]},
    }


@pytest.mark.parametrize(
    "text",
    [
        'discord = {shards = 2, token = "x"} # mine\n',
        'discord.shards = 2 # mine\ndiscord.token = "x"\n',
        "[discord]\nshards = 2\n# mine\n[line]\nrunning = 3\n",
        'checkpoints = {default = "b", folders = {b = "/b"}} # mine\n',
        '[checkpoints]\ndefault = "b"\n# mine\n[line]\nrunning = 3\n[checkpoints.folders]\nb = "/b"\n',
    ],
)
def test_a_table_of_any_form_keeps_its_other_keys(tmp_path: Path, text: str):
    file = tmp_path / "config.toml"
    file.write_text(text)
    answers = {
        "discord": {"token_file": "/t"},
        "checkpoints": {"default": "a", "folders": {"a": "/a"}},
    }
    expected = tomllib.loads(text)
    for name, values in answers.items():
        expected[name] = expected.get(name, {}) | values
    expected["discord"].pop("token", None)
    written = merge(file, answers)
    assert "# mine" in written
    assert tomllib.loads(written) == expected


def test_a_new_file_is_settings_and_twice_is_once(tmp_path: Path):
    file = tmp_path / "config.toml"
    answers = {"discord": {"token_file": "/t"}, "checkpoints": {"folders": {"a": "/x"}}}
    save(file, answers)
    first = file.read_text()
    save(file, answers)
    assert file.read_text() == first
    assert load(file, {}).checkpoints.by_name["a"] == Path("/x")


@pytest.mark.parametrize("content", [b"[oh", b"\xff\xfe", b'checkpoints = "a table?"\n[x'])
def test_a_broken_file_is_refused_and_kept(tmp_path: Path, content: bytes):
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(BadSettings):
        save(file, {"checkpoints": {"default": "a"}})
    assert file.read_bytes() == content
