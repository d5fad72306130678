"""Whatever the engine can raise or remark has a sentence in every language."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import engine
from bot.sentences import LANGUAGES, template
from engine.errors import EngineError
from engine.neural import PACKAGES as NEURAL

EXTRAS = (*NEURAL, "face_alignment", "imagehash", "spandrel", "torch_fidelity", "wandb")
NOTICE = re.compile(r'Notice\(\s*"([a-z-]+)"')


def every_error() -> list[type[EngineError]]:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as missing:  # errors stand in modules that need no extra
            if missing.name not in EXTRAS:
                raise
    found, left = [], [EngineError]
    while left:
        error = left.pop()
        found.append(error)
        left += error.__subclasses__()
    return found


def every_notice() -> set[str]:
    sources = Path(engine.__path__[0]).rglob("*.py")
    return {name for path in sources for name in NOTICE.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_and_every_notice_has_a_sentence(language):
    ids = {error.message_id for error in every_error()} | every_notice()
    assert len(ids) > 15
    for message_id in ids:
        assert template(message_id, language)
