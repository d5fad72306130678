"""`mytalkcon motion`: what the face does while it says a voice, frame by frame."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.studio import AsJson, Seed, VoiceFile, engine_thread, read, wait_for
from bot.cli.terminal import print_json, say
from engine.speech.motion import FPS, Motion
from engine.talking import CLOSED, opening


def motion(
    voice: VoiceFile,
    seed: Seed = 0,
    as_json: AsJson = False,
    every: Annotated[int, typer.Option(min=1, help="Print every n-th frame of the table.")] = 1,
) -> None:
    """Show mouth, lids and head for every frame; `open` and `closed` are measured after the warp."""
    with engine_thread() as thread:
        heard = wait_for(
            thread, lambda engine, report: engine.listen(engine.decoder.voice(read(voice)), seed, report)
        )
    say(heard.notices)
    frames = frames_of(heard.motion)
    if as_json:
        print_json({"fps": FPS, "frames": frames})
        return
    table = Table(*frames[0], box=None)
    for frame in frames[::every]:
        table.add_row(*(str(value) for value in frame.values()))
    Console(highlight=False).print(table)


def frames_of(shown: Motion) -> list[dict[str, Any]]:
    """One dictionary a frame; `open` is the inner-lip gap over the mouth's width, angles are in degrees."""
    gaps = opening(shown)
    tracks = {
        "open": gaps,
        "round": shown.rounding,
        "spread": shown.spread,
        "closed": gaps < CLOSED,
        "blink": shown.lids,
        "yaw": shown.yaw,
        "pitch": shown.pitch,
        "roll": shown.roll,
        "gaze_yaw": shown.gaze_yaw,
        "gaze_pitch": shown.gaze_pitch,
    }
    return [
        {"t": round(i / FPS, 3), "viseme": shown.viseme[i]}
        | {name: _plain(track[i].item()) for name, track in tracks.items()}
        for i in range(len(shown))
    ]


def _plain(value: float | bool) -> float | bool:
    return value if isinstance(value, bool) else round(value, 4)
