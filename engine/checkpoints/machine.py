"""The stack machine of a pickle, without the parts that run code.

Python's own pickle module imports and calls what a file names; this one makes containers, numbers, texts and
the records of `globals.py`, and refuses everything else. Opcodes: the documentation of Python's
`pickletools`, protocols 2 to 5. Every length is held against what is left of the file, and no step copies
what an earlier one made, so a small file cannot ask for much time or memory.
"""

import struct
from collections.abc import Callable
from typing import Any

from engine.checkpoints.errors import CheckpointBroken, CheckpointRefused
from engine.checkpoints.globals import EMBEDDED_STORAGE, MAKERS, Global, Maker, asked_for
from engine.checkpoints.records import Attributes, checked_key

MAX_STEPS = 5_000_000  # a snapshot of StyleGAN2-ADA at 1024 px takes about 50,000
MAX_LONG = 16  # bytes of a whole number; the mark of a tensor file has 10

_MARK = object()
_PROTOCOLS = range(2, 6)


class Machine:
    """Runs one pickle program.

    Parameters
    ----------
    view : the file from its beginning, or a part of it
    start : where the program begins, bytes
    persistent : gives what a persistent id stands for
    embedded : reads a storage that is embedded as a file of its own
    """

    def __init__(
        self,
        view: memoryview,
        start: int = 0,
        persistent: Callable[[Any], Any] | None = None,
        embedded: Callable[[Any], Any] | None = None,
    ) -> None:
        self._view, self.position = view, start
        self._persistent = persistent
        self._makers: dict[Global, Maker] = MAKERS | ({EMBEDDED_STORAGE: embedded} if embedded else {})
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Run to the end; `position` is then behind the program.

        Returns
        -------
        plain values and records

        Raises
        ------
        CheckpointRefused
            when the program asks for what it may not have
        CheckpointBroken
            when it is none, or is cut short
        """
        try:
            for _ in range(MAX_STEPS):
                code = self._take(1)[0]
                if code == ord("."):
                    return self._stack.pop()
                step = _STEPS.get(code)
                if step is None:
                    raise CheckpointRefused(f"step {bytes([code])!r} at byte {self.position - 1}")
                step(self)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
            raise CheckpointBroken(f"byte {self.position}: {type(error).__name__}: {error}") from error
        raise CheckpointRefused(f"more than {MAX_STEPS} steps")

    def _take(self, count: int) -> memoryview:
        part = self._view[self.position : self.position + count]
        if len(part) != count:
            raise CheckpointBroken(f"the file ends at byte {len(self._view)}, {count} more were expected")
        self.position += count
        return part

    def _number(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self._take(struct.calcsize(layout)))
        return int(value)

    def _line(self) -> str:
        rest = bytes(self._view[self.position : self.position + 256])
        text, newline, _ = rest.partition(b"\n")
        if not newline:
            raise CheckpointBroken(f"no name at byte {self.position}")
        self.position += len(text) + 1
        return text.decode()

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[Any]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                items = self._stack[index + 1 :]
                del self._stack[index:]
                return items
        raise CheckpointBroken(f"no mark before byte {self.position}")

    def _protocol(self) -> None:
        if (version := self._number("<B")) not in _PROTOCOLS:
            raise CheckpointRefused(f"pickle protocol {version}")

    def _frame(self) -> None:
        self._number("<Q")  # how much may be read ahead: only a hint

    def _bytes(self, layout: str) -> None:
        self._push(bytes(self._take(self._number(layout))))

    def _text(self, layout: str, encoding: str = "utf-8") -> None:
        self._push(str(self._take(self._number(layout)), encoding, "surrogatepass"))

    def _long(self, layout: str) -> None:
        digits = self._take(self._number(layout))
        if len(digits) > MAX_LONG:
            raise CheckpointRefused(f"a number of {len(digits)} bytes")
        self._push(int.from_bytes(digits, "little", signed=True))

    def _tuple(self, count: int) -> None:
        items = [self._stack.pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise CheckpointBroken("pairs for what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise CheckpointBroken("items for what is no list")
        target.extend(items)

    def _last(self, count: int) -> list[Any]:
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._push(asked_for(module, name))

    def _make(self) -> None:
        arguments, maker = self._stack.pop(), self._stack.pop()
        if not isinstance(maker, Global) or not isinstance(arguments, tuple):
            raise CheckpointRefused("a call of what is no name")
        if maker not in self._makers:
            raise CheckpointRefused(f"a call of {maker.module}.{maker.name}")
        self._push(self._makers[maker](*arguments))

    def _build(self) -> None:
        """Attributes of an object: only those of a bag of values are of use."""
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Attributes) and isinstance(state, dict):
            target.update(state)

    def _persistent_id(self) -> None:
        if self._persistent is None:
            raise CheckpointRefused("a persistent id where none belongs")
        self._push(self._persistent(self._stack.pop()))

    def _pop(self) -> None:
        self._stack.pop()

    def _remember(self, index: int) -> None:
        self._memo[index] = self._stack[-1]


def _pusher(make: Callable[[], Any]) -> Callable[[Machine], None]:
    return lambda machine: machine._push(make())


_STEPS: dict[int, Callable[[Machine], None]] = {
    ord(code): step
    for code, step in {
        "\x80": Machine._protocol,
        "\x95": lambda m: m._frame(),
        "(": _pusher(lambda: _MARK),
        "0": Machine._pop,
        "N": _pusher(lambda: None),
        "\x88": _pusher(lambda: True),
        "\x89": _pusher(lambda: False),
        "}": _pusher(dict),
        "]": _pusher(list),
        ")": _pusher(tuple),
        "\x8f": _pusher(list),  # an empty set: what is put into one is never looked up
        "\x90": lambda m: m._append(m._since_mark()),
        "\x85": lambda m: m._tuple(1),
        "\x86": lambda m: m._tuple(2),
        "\x87": lambda m: m._tuple(3),
        "t": lambda m: m._push(tuple(m._since_mark())),
        "l": lambda m: m._push(m._since_mark()),
        "a": lambda m: m._append(m._last(1)),
        "e": lambda m: m._append(m._since_mark()),
        "s": lambda m: m._set_items(m._last(2)),
        "u": lambda m: m._set_items(m._since_mark()),
        "J": lambda m: m._push(m._number("<i")),
        "K": lambda m: m._push(m._number("<B")),
        "M": lambda m: m._push(m._number("<H")),
        "\x8a": lambda m: m._long("<B"),
        "\x8b": lambda m: m._long("<I"),
        "G": lambda m: m._push(struct.unpack(">d", m._take(8))[0]),
        "\x8c": lambda m: m._text("<B"),
        "X": lambda m: m._text("<I"),
        "\x8d": lambda m: m._text("<Q"),
        "U": lambda m: m._text("<B", "latin-1"),  # text of Python 2
        "T": lambda m: m._text("<I", "latin-1"),
        "C": lambda m: m._bytes("<B"),
        "B": lambda m: m._bytes("<I"),
        "\x8e": lambda m: m._bytes("<Q"),
        "q": lambda m: m._remember(m._number("<B")),
        "r": lambda m: m._remember(m._number("<I")),
        "\x94": lambda m: m._remember(len(m._memo)),
        "h": lambda m: m._push(m._memo[m._number("<B")]),
        "j": lambda m: m._push(m._memo[m._number("<I")]),
        "c": lambda m: m._push(asked_for(m._line(), m._line())),
        "\x93": Machine._stack_global,
        "R": Machine._make,
        "\x81": Machine._make,
        "b": Machine._build,
        "Q": Machine._persistent_id,
    }.items()
}
