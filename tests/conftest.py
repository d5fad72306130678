"""Fixtures that all tests share."""

from pathlib import Path

import pytest

from tests.samples import SHARED_MEDIA


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Folder with photos/ and voices/ that are not part of the repository."""
    if not SHARED_MEDIA.is_dir():
        pytest.skip("needs the shared test photos and voices, which are not part of the repository")
    return SHARED_MEDIA
