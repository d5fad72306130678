"""Keeps secrets out of the log, whoever writes them there: libraries log addresses, and errors quote them."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

HIDDEN = "[hidden]"


class Redaction(logging.Filter):
    """Replaces secrets in messages and stack traces."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always let through."""
        message = record.getMessage()
        if (clean := self._clean(message)) != message:
            record.msg, record.args = clean, ()
        if record.exc_info:
            trace = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            if (clean := self._clean(trace)) != trace:
                record.exc_text = clean  # formatters take it instead of writing their own
        return True

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


@contextmanager
def hidden_in_logs(*secrets: str) -> Iterator[None]:
    """Hide secrets in all that the handlers of the log write, for the length of the block."""
    redaction = Redaction(tuple(secret for secret in secrets if secret))
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(redaction)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(redaction)
