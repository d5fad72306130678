import pytest

from engine.intake import Decoder


@pytest.fixture(scope="session")
def decoder():
    with Decoder() as decoder:
        yield decoder
