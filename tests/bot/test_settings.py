"""Settings: .env.example lists every one, with its default and its meaning."""

import re
from pathlib import Path

import pytest

from bot.settings import CONCERNS, QueueSettings, StorageSettings, TelegramSettings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"


def listed() -> dict[str, tuple[str, str]]:
    """Name -> (meaning, value) of every setting in .env.example."""
    found = re.findall(r"^# (.+)\n#(MYTALKCON_\w+)=(.*)$", EXAMPLE.read_text("utf-8"), re.M)
    return {name: (meaning, value) for meaning, name, value in found}


def test_the_example_lists_every_setting(monkeypatch: pytest.MonkeyPatch):
    expected = {
        f"{concern.model_config['env_prefix']}{name}".upper(): field.description
        for concern in CONCERNS
        for name, field in concern.model_fields.items()
    }
    assert {name: meaning for name, (meaning, _) in listed().items()} == {
        name: meaning if name != "MYTALKCON_DATA_DIR" else f"{meaning} (here: Linux)"
        for name, meaning in expected.items()
    }


def test_the_example_shows_the_defaults():
    for concern in CONCERNS:
        for name, field in concern.model_fields.items():
            if name != "data_dir":
                assert listed()[f"MYTALKCON_{name.upper()}"][1] == str(field.default), name


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MYTALKCON_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MYTALKCON_QUEUE_LIMIT", "7")
    assert StorageSettings(_env_file=None).database == f"sqlite+aiosqlite:///{tmp_path}/mytalkcon.db"
    assert QueueSettings(_env_file=None).limits.waiting == 7
    monkeypatch.setenv("MYTALKCON_TELEGRAM_ALLOWED_USERS", "1, 22,")
    monkeypatch.setenv("MYTALKCON_TELEGRAM_OPERATORS", "333")
    assert TelegramSettings(_env_file=None).allowed_users == {"1", "22", "333"}
    monkeypatch.setenv("MYTALKCON_TELEGRAM_TOKEN", "123:not a token")
    with pytest.raises(ValueError, match="as BotFather gives it") as wrong:
        TelegramSettings(_env_file=None)
    assert "not a token" not in str(wrong.value)
    monkeypatch.setenv("MYTALKCON_QUEUE_LIMIT", "0")
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        QueueSettings(_env_file=None)
