"""Messages that come later: progress of a job, its result, and why there is none."""

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import CancelPressed, FileAsked, ResultAsked
from bot.dialogue.outcomes import ways_to_wait
from bot.dialogue.replies import Reply, Said, button, say
from bot.dialogue.ways import Row
from bot.kinds import JobKind

# Share of each stage in the time of a job, from first measurements on two cores; for the bar only.
SHARES: dict[JobKind, dict[str, float]] = {
    JobKind.PREVIEW: {"decode": 0.05, "face": 0.15, "matte": 0.1, "draw": 0.65, "encode": 0.05},
    JobKind.DRAW: {"decode": 0.05, "face": 0.25, "matte": 0.1, "draw": 0.5, "encode": 0.1},
    JobKind.SPEAK: {"decode": 0.05, "speech": 0.15, "render": 0.5, "encode": 0.3},
    JobKind.BACKGROUND: {"decode": 0.7, "encode": 0.3},
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


def ended(conversation: Conversation) -> Reply:
    """Say nothing more in place of progress: the result comes by itself."""
    return Reply(conversation.language, ())


def failure(message_id: str, values: dict[str, object], job: str, *, ours: bool) -> tuple[Said, ...]:
    """Say why a job has no result; our own faults name the job, so that the operator finds it."""
    problem = say(message_id, **values)
    return (problem, say("our-fault-id", job=job)) if ours else (problem,)


def unsure(conversation: Conversation, job: str) -> Reply:
    """Say that a result may or may not have arrived, and offer it."""
    show = button(conversation.language, "show-button", ResultAsked(job))
    return Reply(conversation.language, (say("unsure"),), ((show,),))


def done(kind: JobKind, *, speaks: bool) -> Said:
    """Say what a job has made, and what may come next; `speaks`: a voice already waits for the character."""
    if kind is JobKind.DRAW:
        return say("sticker-speaks" if speaks else "sticker-done")
    if kind is JobKind.BACKGROUND:
        return say("background-done")
    return say("next-style" if kind is JobKind.PREVIEW else "talk-done")


def file_buttons(conversation: Conversation, job: str, names: tuple[str, ...]) -> tuple[Row, ...]:
    """Offer files of a job that were not sent and can be asked for."""
    files = tuple(button(conversation.language, f"file-{name}", FileAsked(name, job)) for name in names)
    return (files,) if files else ()


def _live(conversation: Conversation, job: str, *says: Said) -> Reply:
    cancel = button(conversation.language, "cancel-button", CancelPressed(job))
    return Reply(conversation.language, says, ((cancel,),), job=job)
