"""One browser a test, sites with a fake engine, and the real command."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.e2e.web.chromium import chromium, path_of_chromium, spoken_wav


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spoken_wav(tmp_path_factory.mktemp("microphone") / "hello.wav")


@pytest.fixture
async def browser(microphone: Path) -> AsyncIterator[Browser]:
    path_of_chromium()
    async with chromium(microphone) as browser:
        yield browser
