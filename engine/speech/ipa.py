"""What every phone of the International Phonetic Alphabet looks and sounds like, coarsely.

One table serves two readers: the mouth (which shapes a phone runs through, which class a viewer would call
it) and the aligner (which broad kind of sound its boundaries separate). It covers what hama can emit for
English, Korean, Japanese, German, French, Spanish and Chinese.
"""

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

MANNERS = ("open", "mid", "close", "back", "nasal", "liquid", "sibilant", "breath", "stop", "silence")
"""Broad kinds of sound that differ in spectrum and loudness."""

SILENCE = "sil"  # name, viseme and mouth class of a pause


@dataclass(frozen=True)
class Sound:
    """A phone as mouth and ear see it.

    Attributes
    ----------
    visemes : names in `visemes.VISEMES`, in the order the mouth takes them (two for a diphthong)
    mouth_class : one of `motion.MOUTH_CLASSES`
    manner : one of MANNERS
    """

    visemes: tuple[str, ...]
    mouth_class: str
    manner: str

    @property
    def is_vowel(self) -> bool:
        """Whether the phone can be held."""
        return self.manner in MANNERS[:4] and self.visemes != ("W",)


# symbols, visemes, mouth class, manner. Diphthongs take the class of their louder part.
_TABLE: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("a ɑ ɐ", ("A",), "A", "open"),
    ("æ", ("AE",), "A", "open"),
    ("ʌ ə ᵊ", ("UH",), "A", "open"),
    ("aɪ", ("A", "I"), "A", "open"),
    ("aʊ", ("A", "U"), "A", "open"),
    ("ja", ("I", "A"), "A", "open"),
    ("wa", ("U", "A"), "A", "open"),
    ("jʌ", ("I", "UH"), "A", "open"),
    ("wʌ", ("U", "UH"), "A", "open"),
    ("e ɛ ɘ ɤ", ("E",), "E", "mid"),
    ("ɜ ɝ ɚ", ("ER",), "E", "mid"),
    ("eɪ", ("E", "I"), "E", "mid"),
    ("eə", ("E", "UH"), "E", "mid"),
    ("je", ("I", "E"), "E", "mid"),
    ("we", ("U", "E"), "E", "mid"),
    ("i ɪ j ɨ ɯ ɯi", ("I",), "I", "close"),
    ("ɪə", ("I", "UH"), "I", "close"),
    ("wi", ("U", "I"), "I", "close"),
    ("o ɔ ɒ ø œ ɵ", ("O",), "O", "back"),
    ("oʊ", ("O", "U"), "O", "back"),
    ("ɔɪ", ("O", "I"), "O", "back"),
    ("jo", ("I", "O"), "O", "back"),
    ("u ʊ ʉ y ʏ", ("U",), "U", "back"),
    ("ju", ("I", "U"), "U", "back"),
    ("w ɥ", ("W",), "U", "back"),
    ("m", ("P",), "MBP", "nasal"),
    ("p pʰ p͈ b ɓ ʙ", ("P",), "MBP", "stop"),
    ("f v ɱ ʋ β ɸ", ("F",), "FV", "breath"),
    ("ʃ ʒ ɕ ʑ ʂ ʐ t͡ʃ d͡ʒ t͡ɕ t͡ɕʰ t͡ɕ͈", ("SH",), "CH", "sibilant"),
    ("s z s͈", ("S",), "C", "sibilant"),
    ("θ ð", ("TH",), "C", "breath"),
    ("h ɦ ħ", ("H",), "C", "breath"),
    ("x χ ç ɣ ʝ", ("K",), "C", "breath"),
    ("ʔ", ("H",), "C", "stop"),
    ("t tʰ t͈ d ʈ ɖ ɗ", ("T",), "C", "stop"),
    ("k kʰ k͈ g ɡ c ɟ", ("K",), "C", "stop"),
    ("n", ("T",), "C", "nasal"),
    ("ŋ ɲ ɴ", ("K",), "C", "nasal"),
    ("l ɫ ɮ ɾ r ɽ ʎ", ("L",), "C", "liquid"),
    ("ɹ ɻ", ("R",), "C", "liquid"),
    ("ʀ ʁ ɰ", ("K",), "C", "liquid"),
)

SOUNDS = MappingProxyType(
    {symbol: Sound(*rest) for symbols, *rest in _TABLE for symbol in symbols.split()}  # type: ignore[arg-type]
)

PAUSE = Sound((SILENCE,), SILENCE, "silence")

_ROUNDED = Sound(("U",), "U", "back")


def sound_of(name: str) -> Sound | None:
    """Look a phone up; vowels with a tone or nasal sign count as the plain vowel.

    Returns None for signs that are no phone of their own (length, tone, voicing).
    """
    if name == SILENCE:
        return PAUSE
    if name == "ɯᵝ":  # Japanese u: the lips come together, unlike those of the Korean eu
        return _ROUNDED
    if name in SOUNDS:
        return SOUNDS[name]
    return SOUNDS.get(unicodedata.normalize("NFD", name)[:1])
