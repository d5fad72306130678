"""The decoder process: confines itself, then turns bytes from stdin into arrays on stdout, one by one.

Started by `decoder.py` as `python -I -m engine.intake.child LIMITS`. It ends when stdin ends, after a number
of requests, or when memory ran out; libraries are imported when the first photo or voice asks for them.
"""

import io
import json
import os
import sys
from typing import BinaryIO

from engine.errors import PersonProblem
from engine.intake.limits import Limits, confine, grant_cpu
from engine.intake.protocol import read_exactly, receive, send, send_photo, send_problem, send_voice
from engine.photo import MAX_PIXELS, PhotoTooLarge
from engine.voice import VoiceDamaged


def main() -> None:
    """Serve requests until stdin ends."""
    requests, answers = _private_streams()
    limits = Limits(**json.loads(sys.argv[1]))
    send(answers, {"ready": True, "unlimited": confine(limits)})
    for _ in range(limits.requests):
        try:
            header = receive(requests)
        except EOFError:
            return
        grant_cpu(limits)
        if not _answer(answers, header["kind"], read_exactly(requests, header["bytes"])):
            return


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to ourselves: what a library prints must not look like an answer."""
    requests = io.BufferedReader(io.FileIO(os.dup(0), "r"))
    answers = io.BufferedWriter(io.FileIO(os.dup(1), "w"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return requests, answers


def _answer(answers: BinaryIO, kind: str, data: bytes) -> bool:
    """Answer one request; False when this process should not be used again."""
    try:
        if kind == "photo":
            from engine.intake.photos import decode_photo

            send_photo(answers, decode_photo(data))
        else:
            from engine.intake.voices import decode_voice

            send_voice(answers, decode_voice(data))
    except PersonProblem as problem:
        send_problem(answers, problem)
    except MemoryError:
        send_problem(
            answers,
            PhotoTooLarge("out of memory", megapixels=MAX_PIXELS // 1_000_000)
            if kind == "photo"
            else VoiceDamaged("out of memory"),
            last=True,
        )
        return False
    except Exception as fault:
        send(answers, {"fault": f"{type(fault).__name__}: {fault}"[:1000]})
    return True


if __name__ == "__main__":
    main()
