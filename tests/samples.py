"""Where things lie that tests use: sample voices and networks of the repository, shared media beside it, the
command."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_VOICE = ROOT / "assets" / "voices" / "hello_en.ogg"  # 4.3 s
SAMPLE_VOICE_KO = ROOT / "assets" / "voices" / "hello_ko.ogg"  # 6.2 s
SNAPSHOT = ROOT / "tests" / "golden" / "nvidia_tiny32.network-snapshot.pkl"  # networks of 32 px
SHARED_MEDIA = ROOT.parent / "shared" / "media"
MYTALKCON = Path(sys.executable).with_name("mytalkcon")
