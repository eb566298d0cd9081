"""Settings: defaults, then the profile, then the environment (CXLOOP_<NAME>), then what the caller insists on."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from flask import Flask
from sqlalchemy import make_url

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config"
PREFIX = "CXLOOP_"
# libpq's own patience with a host that does not answer is minutes; whoever waits for a page has gone by then. Seconds,
# but for the last. What the address itself says goes first.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,
}
_READ: dict[type, Any] = {int: int, float: float, bool: lambda text: text.lower() in {"1", "true", "yes", "on"}}


def load_settings(app: Flask, profile: str, given: Mapping[str, Any]) -> None:
    """Fill `app.config`; makes the keys at first run and keeps them in DATA_DIR. SystemExit in words when unusable."""
    app.config.from_pyfile(str(CONFIG / "default.py"))
    if profile != "default":
        app.config.from_pyfile(str(CONFIG / f"{profile}.py"))
    for source in (os.environ, given):
        for name, text in source.items():
            if name.startswith(PREFIX) and name.isupper():
                key = name.removeprefix(PREFIX)
                app.config[key] = _read(name, text, app.config.get(key))
    folder = Path(app.config["DATA_DIR"]).absolute()
    app.config["DATA_DIR"] = folder
    _keys(app, folder)
    url = app.config["DATABASE_URL"] or f"sqlite:///{folder / 'cxloop.sqlite'}"
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = _with_driver(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)


def _read(name: str, text: Any, default: Any) -> Any:
    if not isinstance(text, str) or type(default) not in _READ:
        return text
    try:
        return _READ[type(default)](text)
    except ValueError:
        raise SystemExit(f"{name}: {text!r} is no {type(default).__name__}") from None


def _with_driver(url: str) -> str:
    # `postgres://` and `postgresql://` as hosts hand them out; psycopg 3 is the driver we ship.
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 15}}
    given = make_url(url).query
    patience = {name: value for name, value in PATIENCE.items() if name not in given}
    return {
        "pool_pre_ping": True, "pool_size": 10, "max_overflow": 10, "pool_timeout": 5, "connect_args": patience,
    }  # fmt: skip


def _keys(app: Flask, folder: Path) -> None:
    for name, make in (("SECRET_KEY", secrets.token_hex), ("DATA_KEY", _data_key)):
        if app.config[name]:
            continue
        if app.config.get("REQUIRE_KEYS"):
            raise SystemExit(f"{PREFIX}{name} is not set, and the production profile makes no key of its own")
        app.config[name] = _kept(folder / f"{name.lower()}.txt", make())


def hold_alone(folder: Path, name: str) -> IO[str]:
    """Hold a lock in the data folder as long as the file stays open. BlockingIOError when another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / f"{name}.lock").open("w")
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415 - there is none elsewhere

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl  # noqa: PLC0415 - there is none on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _data_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _kept(path: Path, fresh: str) -> str:
    """The key in the file; made when there is none. Two processes starting at once agree on the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh)
    except FileExistsError:
        return path.read_text().strip() or fresh
    return fresh
