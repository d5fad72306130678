"""The engine's side of intake: keeps decoder processes ready, asks them, and replaces them when they end."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import BinaryIO, Generic, Self, TypeVar, cast

from engine.errors import EngineError, PersonProblem
from engine.intake import protocol
from engine.intake.limits import Limits
from engine.photo import MAX_BYTES as MAX_PHOTO_BYTES
from engine.photo import Photo, PhotoDamaged, PhotoTooHeavy, PhotoUnknown
from engine.voice import MAX_BYTES as MAX_VOICE_BYTES
from engine.voice import Voice, VoiceDamaged, VoiceEmpty, VoiceTooHeavy

log = logging.getLogger(__name__)

LIMITS = Limits()
START_SECONDS = 60.0  # for a process to start, on a machine with too much to do; usually 0.2

Decoded = TypeVar("Decoded", Photo, Voice)


@dataclass(frozen=True)
class _Kind(Generic[Decoded]):
    """What can be decoded: its name to the child, the most bytes, how its answer is read, what is said."""

    name: str
    most: int
    read: Callable[[BinaryIO, protocol.Header], Decoded]
    too_heavy: type[PersonProblem]
    nothing: type[PersonProblem]
    damaged: type[PersonProblem]


PHOTO = _Kind("photo", MAX_PHOTO_BYTES, protocol.receive_photo, PhotoTooHeavy, PhotoUnknown, PhotoDamaged)
VOICE = _Kind("voice", MAX_VOICE_BYTES, protocol.receive_voice, VoiceTooHeavy, VoiceEmpty, VoiceDamaged)


class DecoderFailed(EngineError):
    """The decoder process did not start or made a mistake of its own: our fault, not the sender's."""


class _Ended(Exception):
    """The child ended in the middle of a request, by a limit or a crash."""


class Decoder:
    """Decodes photos and voices in confined processes. Thread-safe.

    At most `at_once` requests run at a time, others wait. One process more than is at work is kept warm, so
    that the next message finds one at once when a process was ended by its limits.

    Parameters
    ----------
    limits : of each process
    at_once : requests that run at a time
    """

    def __init__(self, limits: Limits = LIMITS, at_once: int = 2) -> None:
        self._limits = limits
        self._slots = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._closed = False
        self._at_work: set[_Child] = set()
        self._idle = deque([_Child(limits), _Child(limits)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; requests that are running fail with DecoderFailed."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
            for child in self._at_work:
                child.abandon()  # the thread that waits for it ends it
        for child in idle:
            child.end()

    def photo(self, data: bytes) -> Photo:
        """Decode a photo: upright, RGB, at most LONG_SIDE (2560) px on its long side.

        Raises
        ------
        PhotoProblem
            one of engine/photo.py, when the bytes cannot be used
        DecoderFailed
            when the fault is ours
        """
        return self._decode(PHOTO, data)

    def voice(self, data: bytes) -> Voice:
        """Decode a voice: mono, loudness normalised, at most MAX_SECONDS (60) long.

        Raises
        ------
        VoiceProblem
            one of engine/voice.py, when the bytes cannot be used
        DecoderFailed
            when the fault is ours
        """
        return self._decode(VOICE, data)

    def _decode(self, kind: "_Kind[Decoded]", data: bytes) -> Decoded:
        if len(data) > kind.most:
            raise kind.too_heavy(f"{len(data)} bytes", megabytes=kind.most // 1_000_000)
        if not data:
            raise kind.nothing("0 bytes")
        with self._slots:
            child = self._take()
            try:
                return child.ask(kind.name, data, kind.read)
            except _Ended as end:
                raise kind.damaged(str(end)) from None
            finally:
                self._give_back(child)

    def _take(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise DecoderFailed("the decoder is closed")
            while self._idle and not self._idle[0].alive:
                self._idle.popleft().end()
            child = self._idle.popleft() if self._idle else _Child(self._limits)
            if not self._idle:
                self._idle.append(_Child(self._limits))  # starts while we work
            self._at_work.add(child)
            return child

    def _give_back(self, child: "_Child") -> None:
        with self._lock:
            self._at_work.discard(child)
            if child.usable and not self._closed and len(self._idle) < 2:
                self._idle.appendleft(child)  # the one whose libraries are loaded goes first
                return
        child.end()


class _Child:
    """One decoder process. Used by one thread at a time; `end` may come from any."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._served = 0
        self._ready = False
        self._late = False
        self._abandoned = False
        self.usable = True
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-I", "-m", "engine.intake.child", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of the drive, wherever we are
        )

    def ask(self, kind: str, data: bytes, read: Callable[[BinaryIO, protocol.Header], Decoded]) -> Decoded:
        """Send one request and read its answer, all within `wall_seconds`."""
        usable, self.usable = self.usable, False  # until everything went well
        try:
            if not self._ready:
                with self._clock(START_SECONDS):
                    self._greet()
            with self._clock(self._limits.wall_seconds):
                protocol.send(self._requests, {"kind": kind, "bytes": len(data)}, [data])
                answer = protocol.receive(self._answers)
                problem = protocol.problem_in(answer)
                decoded = None if problem or "fault" in answer else read(self._answers, answer)
        except (EOFError, OSError) as end:
            raise self._how_it_ended() from end
        except (ValueError, KeyError, TypeError) as mistake:
            raise DecoderFailed(f"answer of the decoder process: {mistake!r}") from mistake
        self._served += 1
        spent = self._late or bool(answer.get("last")) or self._served >= self._limits.requests
        self.usable = usable and not spent
        if problem:
            raise problem
        if decoded is None:
            raise DecoderFailed(f"in the decoder process: {answer['fault']}")
        return decoded

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def abandon(self) -> None:
        """Kill the process from another thread than the one that waits for its answer."""
        self._abandoned = True
        self._process.kill()

    def end(self) -> None:
        """End the process and close its pipes."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:  # what it was being told when it ended: a broken pipe (EINVAL on Windows)
                    continue

    @property
    def _answers(self) -> BinaryIO:
        return cast(BinaryIO, self._process.stdout)

    @property
    def _requests(self) -> BinaryIO:
        return cast(BinaryIO, self._process.stdin)

    def _greet(self) -> None:
        hello = protocol.receive(self._answers)
        self._ready = True
        if hello["unlimited"]:
            log.warning("this system does not limit a process in: %s", ", ".join(hello["unlimited"]))

    @contextmanager
    def _clock(self, seconds: float) -> Iterator[None]:
        """Kill the process when what is inside takes longer."""
        clock = threading.Timer(seconds, self._expire)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            clock.join()  # from here on it is certain whether it rang

    def _expire(self) -> None:
        self._late = True
        self._process.kill()

    def _how_it_ended(self) -> Exception:
        self._process.kill()  # the pipe is closed; the process may still be ending
        code = self._process.wait()
        if self._abandoned:
            return DecoderFailed("the decoder was closed")
        if not self._ready:
            return DecoderFailed(f"the decoder process did not start (exit code {code})")
        if self._late:
            return _Ended(f"the decoder process took longer than {self._limits.wall_seconds} s")
        return _Ended(f"the decoder process ended with {code} (negative: a signal)")


def _environment() -> dict[str, str]:
    """Return what a decoder process may know: nothing of ours."""
    kept = {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}  # Windows needs it
    nothing = {"PATH": ""}  # pydub looks whether there is one
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each would reserve address space
    memory = {"MALLOC_TRIM_THRESHOLD_": "1000000"}  # glibc: give back what a large photo took
    return {**kept, **nothing, **threads, **memory, "LANG": "C.UTF-8"}
