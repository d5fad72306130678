"""Random ids: unguessable, the same length everywhere, short enough for a button's data."""

import secrets

ID_LENGTH = 22  # characters: 128 random bits in URL-safe base64


def new_id() -> str:
    """Make a random id of 128 bits, 22 characters of A-Z a-z 0-9 - _; it never looks like an option (-x)."""
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made
