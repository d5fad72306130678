"""Settings: .env.example lists every one, with its default and its meaning."""

import re
from pathlib import Path

import pytest

from bot.settings import (
    CONCERNS,
    FolderSettings,
    QueueSettings,
    SettingWrong,
    StorageSettings,
    TelegramSettings,
)
from engine.styles.packs import packs_folder
from engine.weights import default_folder

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
    with pytest.raises(SettingWrong, match=r"MYTALKCON_TELEGRAM_TOKEN.*as BotFather gives it") as wrong:
        TelegramSettings(_env_file=None)
    assert "not a token" not in str(wrong.value)
    monkeypatch.setenv("MYTALKCON_QUEUE_LIMIT", "0")
    with pytest.raises(SettingWrong, match=r"MYTALKCON_QUEUE_LIMIT: .*greater than or equal to 1"):
        QueueSettings(_env_file=None)


def test_folders_in_the_file_reach_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What stands in .env holds for weights and packs, too; ~ is the home folder, as it is in a shell."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DATA_DIR", "WEIGHTS_DIR", "STYLES_DIR"):
        monkeypatch.delenv(f"MYTALKCON_{name}", raising=False)
    Path(".env").write_text(
        "MYTALKCON_DATA_DIR=~/data\nMYTALKCON_WEIGHTS_DIR=~/weights\nMYTALKCON_STYLES_DIR=packs\n", "utf-8"
    )
    environment = dict[str, str]()
    FolderSettings().hand_on(environment)
    for name, folder in environment.items():
        monkeypatch.setenv(name, folder)
    assert StorageSettings().data_dir == tmp_path / "data"
    assert default_folder() == tmp_path / "weights"
    assert packs_folder() == Path("packs")
