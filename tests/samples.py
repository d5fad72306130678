"""Where the test media lie: the sample voice of the repository, the shared media beside it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_VOICE = ROOT / "assets" / "voices" / "hello_en.ogg"
SHARED_MEDIA = ROOT.parent / "shared" / "media"
