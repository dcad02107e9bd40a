"""Every setting of a stage, declared once: name, default, type and help. Read at first use."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any


def setting(default: object, help: str) -> Any:
    """A dataclass field that carries its own explanation."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """A stage's settings; the environment variable is the upper-case name after ``WBSYNC_``."""

    stage: str = setting("", "Name of the stage; part of every table and parameter name.")
    rate_limits: bool = setting(True, "Count requests and refuse those over the limits (on, off).")
    rate_user: int = setting(300, "Requests a minute for one user.")
    rate_address: int = setting(1200, "Requests a minute from one address.")
    rate_sign_in: int = setting(10, "Sign-in attempts a minute from one address for one e-mail.")
    rate_sign_in_address: int = setting(100, "Sign-in attempts a minute from one address, whatever the e-mails.")
    rate_sign_in_email: int = setting(300, "Sign-in attempts a minute for one e-mail, wherever they come from.")
    rate_ingest: int = setting(6000, "Ingest requests a minute for one company and for one address.")
    secure_cookies: bool = setting(True, "Send the session cookie over HTTPS only (off on plain HTTP).")
    key_days: int = setting(7, "Days that the answer to an Idempotency-Key is kept: sites are offline for weekends.")
    session_hours: int = setting(12, "How long a browser session lasts.")

    @property
    def table_prefix(self) -> str:
        """What physical table names begin with."""
        return table_prefix(self.stage)

    @property
    def parameter_prefix(self) -> str:
        """What names in Parameter Store begin with."""
        return f"/wbsync/{self.stage}/"


def table_prefix(stage: str) -> str:
    """What physical table names of a stage begin with."""
    return f"wbsync-{stage}-"


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment; a value of the wrong type names its variable.

    Raises:
        ValueError: a value is wrong, or the stage is not named: its default would lead to empty tables.
    """
    if not environment.get("WBSYNC_STAGE"):
        raise ValueError("WBSYNC_STAGE must name the stage: it is part of every table and parameter name.")
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = f"WBSYNC_{item.name.upper()}"
        if name in environment:
            values[item.name] = _parse(name, environment[name], item.default)
    return Settings(**values)


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in {"on", "off", "true", "false", "1", "0"}:
            raise ValueError(f"{name} must be on or off, not {text!r}")
        return text.lower() in {"on", "true", "1"}
    try:
        return type(default)(text)
    except ValueError:
        raise ValueError(f"{name} must be a {type(default).__name__}, not {text!r}") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return read(os.environ)
