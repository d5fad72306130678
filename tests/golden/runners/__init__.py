"""What runs a fixture: one file a family of networks.

A runner takes a fixture and gives either its outputs by name or, where a fixture is a table and no arrays,
the deviations themselves. `RUNNERS` is tried from the top; a new family adds its lines.
"""

import re
from collections.abc import Callable
from importlib import import_module

from tests.golden.fixtures import Deviation, Fixture, Outputs

Runner = Callable[[Fixture], Outputs | list[Deviation]]

RUNNERS: tuple[tuple[str, str], ...] = (  # pattern of the fixture's name -> module.function in this package
    (r"stylegan2_blend_table", "tables.blend_table"),
    (r"stylegan2_name_map", "tables.name_map"),
    (r"stylegan2_name_map_\d+", "stylegan2.name_map"),
    (r"stylegan2_rosinality_g\d+\w*", "stylegan2.rosinality_generator"),
    (r"stylegan2_nvidia_g\d+\w*", "stylegan2.nvidia_generator"),
    (r"stylegan2_(rosinality|nvidia)_d\d+\w*", "stylegan2.discriminator"),
    (r"stylegan2_rosinality_losses\w*", "losses.rosinality"),
    (r"stylegan2_nvidia_losses\w*", "losses.nvidia"),
    (r"stylegan2_nvidia_augment\w*", "augment.pipeline"),
    (r"nvidia_tiny\d+\w*", "stylegan2.nvidia_snapshot"),
    (r"(e4e|psp)_encoder_\d+\w*", "encoders.encoder"),
    (r"(e4e|psp)_psp_\d+\w*", "encoders.inverter"),
    (r"ffhq_alignment\w*", "alignment.ffhq"),
    (r"bisenet_\w+", "bisenet.parser"),
    (r"makeittalk_autovc\w*", "makeittalk.autovc"),
    (r"makeittalk_content\w*", "makeittalk.content"),
    (r"makeittalk_functions\w*", "makeittalk.functions"),
    (r"makeittalk_landmarks_full\w*", "makeittalk.together"),
    (r"makeittalk_pos\w*", "makeittalk.speaker"),
    (r"makeittalk_resunet\w*", "makeittalk.translation"),
    (r"resemblyzer_\w+", "resemblyzer.encoder"),
    (r"sadtalker_checkpoint_layout", "sadtalker.layout"),
    (r"sadtalker_audio2exp\w*", "sadtalker.audio2exp"),
    (r"sadtalker_audio2pose\w*", "sadtalker.audio2pose"),
    (r"sadtalker_face_3drecon\w*", "sadtalker.reconstruction"),
    (r"sadtalker_generator\w*", "sadtalker.generator"),
    (r"sadtalker_keypoint_transformation\w*", "sadtalker.transformation"),
    (r"sadtalker_kp_detector\w*", "sadtalker.detector"),
    (r"sadtalker_mapping\w*", "sadtalker.mapping"),
    (r"sadtalker_mel\w*", "sadtalker.spectrogram"),
    (r"sadtalker_preprocess\w*", "sadtalker.preprocess"),
    (r"sadtalker_render\w*", "sadtalker.render"),
    (r"sadtalker_semantic_windows\w*", "sadtalker.windows"),
)


def runner_of(name: str) -> Runner | None:
    """The runner of a fixture; None where none is written."""
    for pattern, place in RUNNERS:
        if re.fullmatch(pattern, name):
            module, _, function = place.partition(".")
            runner: Runner = getattr(import_module(f"{__name__}.{module}"), function)
            return runner
    return None
