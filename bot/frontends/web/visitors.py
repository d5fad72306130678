"""Who is who: an unguessable id in a cookie, of which only a hash is ever stored.

With a password the cookie is signed by a key that is made of it: who was let in stays in, until the
password changes. The page is the same for everybody; it asks for the cookie by a request of its own (POST
/session), because a strict cookie is not sent when somebody follows a link from elsewhere, and must not be
replaced then.
"""

import base64
import hashlib
import hmac
import re
import secrets

COOKIE = "mytalkcon"
COOKIE_SECONDS = 365 * 86_400
ID_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class WrongPassword(Exception):
    """Whoever asked is not let in."""


class Visitors:
    """Lets people in and knows them again.

    Parameters
    ----------
    password : empty: everybody is let in
    """

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        # the cost makes guessing the password from one's own signed cookie slow
        self._key = (
            hashlib.scrypt(self._password, salt=b"mytalkcon visitors", n=2**14, r=8, p=1) if password else b""
        )

    def let_in(self, password: str, cookie: str | None) -> str:
        """Give the cookie to set; an id that somebody has already is kept.

        Raises
        ------
        WrongPassword
        """
        if self.recognise(cookie) is not None and cookie is not None:
            return cookie
        if not hmac.compare_digest(_bytes(password), self._password) and self._password:
            raise WrongPassword
        old = (cookie or "").partition(".")[0]
        token = old if _ID.fullmatch(old) else secrets.token_urlsafe(ID_BYTES)
        return f"{token}.{self._signature(token)}" if self._key else token

    def recognise(self, cookie: str | None) -> str | None:
        """Give a person's id on this platform, 43 characters; None when nobody is meant."""
        token, _, signature = (cookie or "").partition(".")
        if not _ID.fullmatch(token):
            return None
        if self._key and not hmac.compare_digest(_bytes(signature), self._signature(token).encode()):
            return None
        return _base64(hashlib.sha256(token.encode()).digest())

    def _signature(self, token: str) -> str:
        return _base64(hmac.digest(self._key, token.encode(), "sha256"))


def _bytes(text: str) -> bytes:
    """Write what somebody sent as bytes: it may hold halves of surrogate pairs."""
    return text.encode(errors="surrogatepass")


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
