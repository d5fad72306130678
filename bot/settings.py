"""Settings, from the environment or a file `.env`, all named MYTALKCON_...; .env.example lists them."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.queue import Limits


def default_data_dir() -> Path:
    """Choose the folder that the system keeps for a program's data."""
    if local := os.environ.get("LOCALAPPDATA"):
        return Path(local) / "mytalkcon"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mytalkcon"


class _Concern(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MYTALKCON_", env_file=".env", extra="ignore", frozen=True)


class StorageSettings(_Concern):
    """Where and how long things are kept."""

    data_dir: Path = Field(
        default_factory=default_data_dir, description="Folder of the database and the files"
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the data folder")
    blob_url: str = Field(
        default="", description="fsspec URL of the files; empty: a folder in the data folder"
    )
    keep_photo_hours: int = Field(
        default=24, ge=1, description="A photo is kept until the next one, at most so long"
    )
    keep_render_days: int = Field(default=7, ge=1, description="Made files are kept so long")

    @property
    def database(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'mytalkcon.db'}"

    @property
    def blobs(self) -> str:
        """URL of the files."""
        return self.blob_url or str(self.data_dir / "blobs")


class QueueSettings(_Concern):
    """How much is accepted."""

    queue: Literal["embedded"] = Field(default="embedded", description="Who carries jobs to the engine")
    queue_limit: int = Field(default=100, ge=1, description="Jobs that may wait in all")
    queue_limit_per_person: int = Field(default=3, ge=1, description="Jobs of one person that may wait")
    jobs_per_day: int = Field(default=60, ge=1, description="Jobs that one person may ask for in 24 hours")

    @property
    def limits(self) -> Limits:
        """The limits as the queue takes them."""
        return Limits(self.queue_limit, self.queue_limit_per_person, self.jobs_per_day)


CONCERNS: tuple[type[BaseSettings], ...] = (StorageSettings, QueueSettings)
