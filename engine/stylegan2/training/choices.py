"""What who trains can choose from; needs no torch."""

from enum import StrEnum


class Augmentation(StrEnum):
    """What the discriminator's pictures go through."""

    NONE = "none"
    ADA = "ada"
    FIXED = "fixed"


class Pipeline(StrEnum):
    """Which changes there are: blit, geometry, colour; with filter, noise, cutout."""

    BGC = "bgc"
    BGCFNC = "bgcfnc"


class Precision(StrEnum):
    """Type of the activations; weights, losses and penalties are float32 always."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Tracker(StrEnum):
    """Programs that show curves while a run goes on; from the extra `train`."""

    TENSORBOARD = "tensorboard"
    WANDB = "wandb"
