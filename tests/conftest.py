"""Shared fixtures: where the test media lie."""

from pathlib import Path

import pytest

SHARED_MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Folder with photos/ and voices/ that are not part of the repository."""
    if not SHARED_MEDIA.is_dir():
        pytest.skip("needs the shared test photos and voices, which are not part of the repository")
    return SHARED_MEDIA
