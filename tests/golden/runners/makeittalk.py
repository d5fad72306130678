"""MakeItTalk: networks, sound, and what is done to landmarks."""

import numpy as np
import torch

from engine.checkpoints.networks import filled_network
from engine.checkpoints.tensors import State
from engine.talking.makeittalk import landmarks as marks
from engine.talking.makeittalk.branches import SPEAKER_GAIN, ContentBranch, SpeakerBranch, windows_of
from engine.talking.makeittalk.content import ContentEncoder
from engine.talking.makeittalk.networks import speaking_part
from engine.talking.makeittalk.sound import mel_of, relative_pitch, steps_of
from engine.talking.makeittalk.translation import SIDE, Translation, pictures
from tests.golden.fixtures import Fixture, Outputs
from tests.golden.runners.stylegan2 import tensors

UNVOICED = -1e9  # the fixtures have -1e10 where there is no pitch


def state_of(fixture: Fixture, net: str) -> State:
    """Tensors of a network."""
    return tensors(fixture.state(net))


@torch.no_grad()
def autovc(fixture: Fixture) -> Outputs:
    """The content encoder."""
    made, given = filled_network(ContentEncoder, state_of(fixture, "G")), tensors(fixture.inputs)
    mel, speaker = given["mel"][None], given["emb_org"]
    rough, fine = made(mel, speaker, given["emb_trg"], given["f0_index"][None])
    return {"mel": rough, "mel_postnet": fine, "codes": made.codes(mel, speaker).flatten(1)}


@torch.no_grad()
def content(fixture: Fixture) -> Outputs:
    """The branch of the words."""
    made, given = filled_network(ContentBranch, state_of(fixture, "C")), tensors(fixture.inputs)
    return {
        "landmarks": made(windows_of(given["au"]), given["face_id"][0]),
        "face_id_repeated_first": given["face_id"].repeat(2, 1),
    }


@torch.no_grad()
def speaker(fixture: Fixture) -> Outputs:
    """The branch of the person."""
    made = filled_network(SpeakerBranch, speaking_part(state_of(fixture, "G")))
    given = tensors(fixture.inputs)
    windows, person = windows_of(given["au"]), given["emb"][0] * SPEAKER_GAIN
    return {
        "landmarks": made(windows, person),
        "spk_encode": made.speaker(person)[None],
        "landmarks_z": made(windows[: len(given["z"])], person, given["z"]),
    }


@torch.no_grad()
def together(fixture: Fixture) -> Outputs:
    """Both branches, and all that follows; the first outputs are of the first 200 windows alone."""
    words = filled_network(ContentBranch, state_of(fixture, "C"))
    person = filled_network(SpeakerBranch, speaking_part(state_of(fixture, "G")))
    given = tensors(fixture.inputs)
    windows, face = windows_of(given["au"]), given["face_id"][0]

    def frames(count: int) -> tuple[marks.Landmarks, marks.Landmarks]:
        said = words(windows[:count], face).double().numpy().reshape(-1, 68, 3)
        moved = person(windows[:count], given["emb"][0] * SPEAKER_GAIN).double().numpy()
        content = marks.calibrated(said)
        place = face.double().numpy().reshape(68, 3)
        return marks.together(place, marks.pose_only(moved.reshape(-1, 68, 3)), content), content

    before, calibrated = frames(200)
    whole, _ = frames(len(windows))
    return {
        "before_inverse_lip": before.reshape(len(before), -1),
        "calibrated_content": calibrated.reshape(len(calibrated), -1),
        "pred_fls": marks.finished(whole).reshape(len(whole), -1),
    }


def functions(fixture: Fixture) -> Outputs:
    """What needs no network."""
    given = fixture.inputs
    face, place = given["face_px"], marks.Normalised.of(given["face_px"], given["std_face"])
    pitch = np.where(given["f0_rapt"] < UNVOICED, np.nan, given["f0_rapt"])
    relative = relative_pitch(pitch)
    blinking = marks.with_blinks(given["fls"], np.random.RandomState(7))
    sound = np.asarray(given["wav_int16"] / np.float32(32768), np.float32)
    return {
        "norm_face": place.face,
        "norm_scale": place.scale,
        "norm_shift": place.shift,
        "closed_mouth": marks.with_closed_mouth(face),
        "manual_adjust": marks.adjusted_by_hand(face),
        "naive_eye": blinking,
        "final_smooth": marks.smoothed(blinking, marks.FOR_PHOTOS).reshape(len(blinking), -1),
        "landmark_image": marks.landmark_picture(given["landmark_px"], SIDE),
        "mel_S": mel_of(sound),
        "f0_norm_voiced": relative[~np.isnan(relative)],
        "f0_voiced": ~np.isnan(pitch),
        "f0_bins": steps_of(relative),
        "f0_bins2": steps_of(np.where(given["f0_norm_in"] < UNVOICED, np.nan, given["f0_norm_in"])),
    }


@torch.no_grad()
def translation(fixture: Fixture) -> Outputs:
    """The photo network."""
    made = filled_network(Translation, state_of(fixture, "G"))
    planes = [fixture.inputs[name] for name in ("landmark_image_u8", "image_u8")]
    both = torch.from_numpy(np.concatenate(planes, axis=2)).permute(2, 0, 1)[None].float() / 255
    raw = made(both)
    return {"raw": raw, "final": pictures(raw)}
