"""Keep or drop: every picture by itself first, then against the rest of the set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data.duplicates import groups
from engine.data.journal import Entry
from engine.data.manifest import DROP, HERE, KEEP, Row
from engine.data.measures import Measures
from engine.data.texture import OUTLIER, distances


@dataclass(frozen=True)
class Limits:
    """Beyond which a picture is dropped. Tuned on every second of 44 photos and 336 drawings (docs).

    Attributes
    ----------
    side : px, the smallest square
    """

    side: int
    softness: float = 1.6  # px at 256 px: as a square of about 80 px would be
    grey: float = 5.0  # chroma; grey is only what is so while its set is not
    coloured_set: float = 10.0  # median chroma of a set that is not grey
    garish: float = 1.5  # times the set's median chroma, and ...
    garish_deviations: float = 4.0  # ... so many deviations above it
    enough: int = 12  # pictures; a smaller set has no style of its own to be measured by


def judged(entries: Sequence[Entry], limits: Limits, wishes: Mapping[str, str]) -> list[Row]:
    """A row for each entry.

    Parameters
    ----------
    wishes : what the person decided otherwise, by file (manifest.py)
    """
    reasons = {entry.name: _alone(entry, limits) for entry in entries}
    sound = [entry for entry in entries if not reasons[entry.name]]
    for entry, why in zip(sound, _colours(_measures(sound), limits), strict=True):
        reasons[entry.name] += why
    sound = [entry for entry in sound if not reasons[entry.name]]
    beyond = _style(_measures(sound), limits)
    for entry, deviation in zip(sound, beyond, strict=True):
        if deviation > OUTLIER:
            reasons[entry.name].append("another style")
    styles = dict(zip((entry.name for entry in sound), beyond, strict=True))
    rows = [_row(entry, reasons[entry.name], styles.get(entry.name), wishes) for entry in entries]
    return _without_copies(entries, rows, wishes)


def _measures(entries: Sequence[Entry]) -> list[Measures]:
    return [entry.measures for entry in entries if entry.measures is not None]


def _alone(entry: Entry, limits: Limits) -> list[str]:
    """Reasons that need no other picture."""
    measures = entry.measures
    if measures is None:
        return [entry.unreadable]
    why = []
    if measures.side < limits.side:
        why.append("too small")
    if measures.softness > limits.softness:
        why.append("blurred")
    return why


def _colours(measures: Sequence[Measures], limits: Limits) -> list[list[str]]:
    """Grey and garish pictures in a set that is neither."""
    colours = np.array([one.colour for one in measures])
    if not len(colours):
        return []
    median = float(np.median(colours))
    spread = 1.4826 * float(np.median(np.abs(colours - median)))
    most = max(limits.garish * median, median + limits.garish_deviations * spread)
    coloured = median >= limits.coloured_set
    return [
        ["grey"] if coloured and value < limits.grey else ["garish"] if coloured and value > most else []
        for value in colours
    ]


def _style(measures: Sequence[Measures], limits: Limits) -> NDArray[np.float64]:
    if len(measures) < limits.enough:
        return np.zeros(len(measures))
    return distances(np.stack([one.texture for one in measures]))


def _row(entry: Entry, why: list[str], style: float | None, wishes: Mapping[str, str]) -> Row:
    decided = DROP if why else KEEP
    file = HERE + entry.name
    row = Row(file, wishes.get(file, decided), decided, "; ".join(why))
    measures = entry.measures
    if measures is None:
        return row
    return replace(
        row,
        face=measures.face,
        width=str(measures.width),
        height=str(measures.height),
        side=f"{measures.side:.0f}",
        softness=f"{measures.softness:.2f}",
        colour=f"{measures.colour:.1f}",
        style="" if style is None else f"{style:.2f}",
    )


def _without_copies(entries: Sequence[Entry], rows: list[Row], wishes: Mapping[str, str]) -> list[Row]:
    """Of several copies the largest stays, of equally large ones that with the larger file.

    What the person drops is none of them: then the next one stays.
    """
    places = [place for place, row in enumerate(rows) if row.decided == KEEP and wishes.get(row.file) != DROP]
    measures = _measures([entries[place] for place in places])
    copies: dict[int, list[int]] = {}
    for place, group in zip(places, groups([one.fingerprint for one in measures]), strict=True):
        copies.setdefault(group, []).append(place)
    done = list(rows)
    for same in copies.values():
        best = max(same, key=lambda place: _worth(entries[place]))
        for place in same:
            if place != best:
                row, first = rows[place], rows[best].file
                keep = wishes.get(row.file, DROP)
                done[place] = replace(row, keep=keep, decided=DROP, why="copy", same_as=first)
    return done


def _worth(entry: Entry) -> tuple[int, int]:
    """Pixels and bytes."""
    measures = entry.measures
    pixels = measures.width * measures.height if measures is not None else 0
    return pixels, int(entry.stamp.split()[0])
