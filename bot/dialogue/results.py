"""Messages that come later: progress of a job, its result, and why there is none."""

from bot.dialogue import ways
from bot.dialogue.conversation import Conversation, House
from bot.dialogue.events import CancelPressed, FileAsked, ResultAsked, StyleChosen
from bot.dialogue.outcomes import ways_to_wait
from bot.dialogue.replies import Media, Reply, Said, button, say, word_button
from bot.kinds import JobKind

ROW = 3  # buttons a row: style names fit at 390 px

# Share of each stage in the time of a job, from first measurements on two cores; for the bar only.
SHARES: dict[JobKind, dict[str, float]] = {
    JobKind.PREVIEW: {"decode": 0.05, "face": 0.15, "matte": 0.1, "draw": 0.65, "encode": 0.05},
    JobKind.DRAW: {"decode": 0.05, "face": 0.25, "matte": 0.1, "draw": 0.5, "encode": 0.1},
    JobKind.SPEAK: {"decode": 0.05, "speech": 0.15, "render": 0.5, "encode": 0.3},
}


def bar(kind: JobKind, stage: str, fraction: float) -> float:
    """Say how much of a whole job is done (0..1), for a bar that only moves on."""
    done = 0.0
    for name, share in SHARES[kind].items():
        if name == stage:
            return done + share * fraction
        done += share
    return 0.0


def waiting(conversation: Conversation, kind: JobKind, job: str, position: int) -> Reply:
    """Show a job's place in the queue."""
    return _live(conversation, job, say(f"accepted-{kind}"), ways_to_wait(position))


def working(conversation: Conversation, kind: JobKind, job: str, stage: str) -> Reply:
    """Show what is being done for a job; the front end draws the bar."""
    return _live(conversation, job, say(f"accepted-{kind}"), say(f"stage-{stage}"))


def cancelled(conversation: Conversation) -> Reply:
    """Show that a job was cancelled, in place of its progress."""
    return Reply(conversation.language, (say("cancelled"),))


def failed(conversation: Conversation, job: str, problem: Said, *, ours: bool) -> Reply:
    """Say why a job has no result; our own faults name the job, so that the operator finds it."""
    says = (problem, say("our-fault-id", job=job)) if ours else (problem,)
    return Reply(conversation.language, says)


def stopped(conversation: Conversation) -> Reply:
    """Say that the operator cancelled a job."""
    return Reply(conversation.language, (say("stopped-by-operator"),))


def unsure(conversation: Conversation, job: str) -> Reply:
    """Say that a result may or may not have arrived, and offer it."""
    show = button(conversation.language, "show-button", ResultAsked(job))
    return Reply(conversation.language, (say("unsure"),), ((show,),))


def preview(
    conversation: Conversation, house: House, photo: str, media: Media, notices: tuple[Said, ...]
) -> Reply:
    """Show one's own face in every style, with a button a style, numbered as in the picture."""
    language = conversation.language
    buttons = [
        word_button(f"{number}. {house.style_name(style.id, language)}", StyleChosen(style.id, photo))
        for number, style in enumerate(house.styles, start=1)
    ]
    rows = tuple(tuple(buttons[i : i + ROW]) for i in range(0, len(buttons), ROW))
    return Reply(language, (*notices, say("next-style")), rows, media)


def sticker(conversation: Conversation, media: Media, notices: tuple[Said, ...], *, speaks: bool) -> Reply:
    """Show a new character; `speaks`: a voice is already waiting for it."""
    says = (*notices, say("sticker-speaks" if speaks else "sticker-done"))
    return Reply(conversation.language, says, ways.after_sticker(conversation), media)


def talk(
    conversation: Conversation, job: str, media: Media, notices: tuple[Said, ...], others: tuple[str, ...]
) -> Reply:
    """Show a talk; `others` are files of the same job that were not sent and can be asked for."""
    files = tuple(button(conversation.language, f"file-{name}", FileAsked(name, job)) for name in others)
    rows = ((files,) if files else ()) + ways.after_sticker(conversation)
    return Reply(conversation.language, (*notices, say("talk-done")), rows, media)


def plain_file(conversation: Conversation, media: Media) -> Reply:
    """Show a file without a word: the message before it says enough."""
    return Reply(conversation.language, (), (), media)


def _live(conversation: Conversation, job: str, *says: Said) -> Reply:
    cancel = button(conversation.language, "cancel-button", CancelPressed(job))
    return Reply(conversation.language, says, ((cancel,),), job=job)
