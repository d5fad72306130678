"""Settings, from the environment or a file `.env`, all named MYTALKCON_...; .env.example lists them."""

import os
import re
from collections.abc import Mapping, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import PersonProblem
from engine.talking.animator import TalkingEngine
from engine.talking.sadtalker.options import OptionUnknown, parsed

if TYPE_CHECKING:
    from bot.queue import Limits

PREFIX = "MYTALKCON_"


class SettingWrong(PersonProblem):
    """A setting is not what it has to be; `wrong` names it and says why, not what it was set to."""

    message_id = "setting-wrong"


Network = IPv4Network | IPv6Network


def default_data_dir() -> Path:
    """Choose the folder that the system keeps for a program's data."""
    if local := os.environ.get("LOCALAPPDATA"):
        return Path(local) / "mytalkcon"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mytalkcon"


class _Concern(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    def __init__(self, **values: Any) -> None:
        """Read them; raises SettingWrong."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            wrong = _what_is_wrong(error)
            raise SettingWrong(wrong, wrong=wrong) from None


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

    @field_validator("data_dir")
    @classmethod
    def _may_begin_at_home(cls, folder: Path) -> Path:
        return folder.expanduser()  # no shell has looked at what stands in .env

    def make_data_dir(self) -> None:
        """Make the data folder, if need be, so that nobody else looks into it."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

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
    def limits(self) -> "Limits":
        """The limits as the queue takes them."""
        from bot.queue import Limits  # brings the database along, of which drawing and speaking know nothing

        return Limits(self.queue_limit, self.queue_limit_per_person, self.jobs_per_day)


class EngineSettings(_Concern):
    """What makes pictures speak."""

    engine: TalkingEngine = Field(
        default=TalkingEngine.WARP,
        description="What makes characters speak; the warp stands in for one whose weights are missing",
    )
    sadtalker: str = Field(
        default="", description="Options of SadTalker, such as still,pose_style=3; docs/sadtalker.md has all"
    )

    @field_validator("sadtalker")
    @classmethod
    def _are_options(cls, text: str) -> str:
        try:
            parsed(text)
        except OptionUnknown as error:
            raise ValueError(error.detail) from error
        return text

    @property
    def options(self) -> Mapping[TalkingEngine, str]:
        """What is asked of engines in their own words."""
        return {TalkingEngine.SADTALKER: self.sadtalker}


class FolderSettings(_Concern):
    """Where the engine finds what is brought to it. It asks the environment alone: see `hand_on`."""

    weights_dir: str = Field(
        default="", description="Folder of the weight files; empty: one in the user's cache folder"
    )
    styles_dir: str = Field(
        default="", description="Folder of the style packs; empty: one in the user's data folder"
    )

    def hand_on(self, environment: MutableMapping[str, str]) -> None:
        """Put what the file .env says into the environment, where the engine looks."""
        for name, folder in self:
            if folder:
                environment[f"{PREFIX}{name.upper()}"] = str(Path(folder).expanduser())


class WebSettings(_Concern):
    """The chat page."""

    web_host: str = Field(default="127.0.0.1", description="Address that the chat page is served on")
    web_port: int = Field(default=8080, ge=0, le=65_535, description="Port of the chat page")
    web_names: str = Field(
        default="", description="Names that the page is reached by besides that address, with commas between"
    )
    web_password: str = Field(
        default="", description="Asked for by the chat page; needed on every address but 127.0.0.1 and ::1"
    )
    web_proxies: str = Field(
        default="",
        description="Addresses of reverse proxies whose X-Forwarded-For is believed, with commas between",
    )

    @field_validator("web_proxies")
    @classmethod
    def _are_addresses(cls, addresses: str) -> str:
        for one in _listed(addresses):
            ip_network(one)
        return addresses

    @model_validator(mode="after")
    def _others_need_a_password(self) -> Self:
        if not self.web_password and not is_loopback(self.web_host):
            raise ValueError(f"the chat page on {self.web_host} needs MYTALKCON_WEB_PASSWORD")
        return self

    @property
    def names(self) -> frozenset[str]:
        """Further names, in small letters."""
        return _listed(self.web_names.lower())

    @property
    def proxies(self) -> tuple[Network, ...]:
        """Addresses, or networks, of trusted proxies."""
        return tuple(ip_network(one) for one in _listed(self.web_proxies))


class TelegramSettings(_Concern):
    """The bot on Telegram; see docs/telegram.md."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    telegram_token: SecretStr = Field(
        default=SecretStr(""), description="Token that BotFather gave; starts the bot on Telegram"
    )
    telegram_api_url: str = Field(
        default="https://api.telegram.org",
        description="Root of the Bot API; another one for a Bot API server of your own",
    )
    telegram_webhook_url: str = Field(
        default="",
        description="https:// address under which Telegram reaches the bot; empty: the bot asks Telegram",
    )
    telegram_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that Telegram sends along to that address; empty: a new one at every start",
    )
    telegram_webhook_host: str = Field(
        default="127.0.0.1", description="Address that the webhook is served on, behind what speaks https"
    )
    telegram_webhook_port: int = Field(default=8443, ge=0, le=65_535, description="Port of the webhook")
    telegram_allowed_users: str = Field(
        default="", description="IDs of those whom the bot answers, with commas between; empty: everybody"
    )
    telegram_operators: str = Field(
        default="", description="IDs of those who may /stats, /block and /unblock, with commas between"
    )
    telegram_error_chat: str = Field(
        default="", description="ID of the chat that is told about errors; empty: only the log"
    )

    @field_validator("telegram_token")
    @classmethod
    def _is_from_botfather(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(\d+:[A-Za-z0-9_-]+)?", token.get_secret_value()):
            raise ValueError("must be a token as BotFather gives it: digits, a colon, letters")
        return token

    @field_validator("telegram_api_url")
    @classmethod
    def _is_a_root(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
            raise ValueError("must be an http(s):// address")
        return url.rstrip("/")

    @field_validator("telegram_webhook_url")
    @classmethod
    def _is_reachable(cls, url: str) -> str:
        # plain http only between a Bot API server of one's own and the bot; api.telegram.org refuses it
        if url and not re.fullmatch(r"https?://[^\s/?#]+/[^\s?#]+", url):
            raise ValueError("must be an https:// address with a path")
        return url

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _is_taken_by_telegram(cls, secret: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret.get_secret_value()):
            raise ValueError("may hold up to 256 of A-Z a-z 0-9 _ -")
        return secret

    @field_validator("telegram_allowed_users", "telegram_operators", "telegram_error_chat")
    @classmethod
    def _are_ids(cls, ids: str) -> str:
        if any(not re.fullmatch(r"-?\d{1,19}", one) for one in _listed(ids)):
            raise ValueError("must be numbers with commas between")
        return ids

    @property
    def allowed_users(self) -> frozenset[str]:
        """IDs of those whom the bot answers; empty: everybody. Operators are answered anyway."""
        allowed = _listed(self.telegram_allowed_users)
        return allowed | self.operators if allowed else allowed

    @property
    def operators(self) -> frozenset[str]:
        """IDs of the operators."""
        return _listed(self.telegram_operators)


class DiscordSettings(_Concern):
    """The bot on Discord; see docs/discord.md."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    discord_token: SecretStr = Field(
        default=SecretStr(""),
        description="Token of the bot from Discord's developer portal; starts the bot on Discord",
    )
    discord_guilds: str = Field(
        default="",
        description="IDs of the servers where it may be used, with commas between; empty: everywhere",
    )
    discord_operators: str = Field(
        default="",
        description="IDs of those who may send it /stats, /block and /unblock, with commas between",
    )

    @field_validator("discord_guilds", "discord_operators")
    @classmethod
    def _are_ids(cls, ids: str) -> str:
        if any(not re.fullmatch(r"\d{1,20}", one) for one in _listed(ids)):
            raise ValueError("must be numbers with commas between")
        return ids

    @property
    def guilds(self) -> frozenset[int]:
        """IDs of the servers where it may be used; empty: everywhere."""
        return frozenset(int(one) for one in _listed(self.discord_guilds))

    @property
    def operators(self) -> frozenset[str]:
        """IDs of the operators."""
        return _listed(self.discord_operators)


def _listed(text: str) -> frozenset[str]:
    return frozenset(item.strip() for item in text.split(",") if item.strip())


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


CONCERNS: tuple[type[BaseSettings], ...] = (
    StorageSettings,
    QueueSettings,
    EngineSettings,
    FolderSettings,
    WebSettings,
    TelegramSettings,
    DiscordSettings,
)


def check() -> None:
    """See whether every setting is what it has to be.

    Raises
    ------
    SettingWrong
    """
    for concern in CONCERNS:
        concern()


def _what_is_wrong(error: ValidationError) -> str:
    """Name each wrong setting and why, without its value: tokens and passwords are among them."""
    found = []
    for one in error.errors(include_url=False, include_input=False):
        name = "".join(str(part).upper().removeprefix(PREFIX) for part in one["loc"])
        why = one["msg"].removeprefix("Value error, ")
        found.append(f"{PREFIX}{name}: {why}" if name else why)
    return "; ".join(found)
