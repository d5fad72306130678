"""A secret does not reach the log, whoever writes it there."""

import io
import logging

from bot.redaction import HIDDEN, hidden_in_logs

TOKEN = "123456:AA-a-token"  # noqa: S105


def test_secrets_are_hidden_in_words_values_and_stack_traces():
    written, log = io.StringIO(), logging.getLogger("a library")
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    try:
        with hidden_in_logs(TOKEN, ""):
            log.error("POST https://api.telegram.org/bot%s/getMe", TOKEN)
            log.error("words with %s and %d", "values", 5)
            try:
                raise ValueError(f"refused: {TOKEN}")
            except ValueError:
                log.exception("it failed")
    finally:
        logging.getLogger().removeHandler(handler)
    text = written.getvalue()
    assert TOKEN not in text
    assert text.count(HIDDEN) == 2, "in the address and in the words of the error"
    assert "words with values and 5" in text
    assert "ValueError" in text
