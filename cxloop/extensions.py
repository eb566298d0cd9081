"""What the whole application shares: the database, its types and its habits on both engines."""

import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from cryptography.fernet import Fernet
from flask import current_app
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    event,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from .domain.canonical import decimal_text

_log = logging.getLogger(__name__)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. SQLite drops offsets, so naive values are refused on the way in (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC, on both engines."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DecimalText(TypeDecorator[Decimal]):
    """A decimal kept as its canonical text, so that both engines give back what was put in."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """To the database: canonical text."""
        return None if value is None else decimal_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """From the database: the decimal."""
        return None if value is None else Decimal(value)


class JSONText(TypeDecorator[Any]):
    """A small structure kept as JSON text: equal bytes on both engines, never queried into."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database: JSON with sorted keys."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database: the structure."""
        return None if value is None else json.loads(value)


class Sealed(TypeDecorator[str]):
    """Personal data: encrypted on its way into the database with the DATA_KEY, and back."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """To the database: ciphertext."""
        return None if value is None else data_cipher().encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """From the database: the text. cryptography's InvalidToken where the key is not the one it was sealed with."""
        return None if value is None else data_cipher().decrypt(bytes(value)).decode()


class SealedText(TypeDecorator[str]):
    """As Sealed, in a column of text: for what is short-lived and may hold personal data."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database: ciphertext."""
        return None if value is None else data_cipher().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """From the database: the text."""
        return None if value is None else data_cipher().decrypt(value).decode()


def data_cipher() -> Fernet:
    """The cipher of the application's DATA_KEY."""
    return Fernet(current_app.config["DATA_KEY"])


def keyed_hash(text: str) -> str:
    """A hash that only this installation can make: equal texts can be counted, none can be guessed from outside."""
    key = hashlib.sha256(b"customer" + str(current_app.config["DATA_KEY"]).encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Base(DeclarativeBase):
    """The base of all records; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UTCDateTime,
        Decimal: DecimalText,
        str: Text,
        # 64 bits everywhere; SQLite counts up by itself only where the type is its own INTEGER.
        int: BigInteger().with_variant(Integer(), "sqlite"),
    }


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options={"expire_on_commit": False})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()


def let_go(_error: BaseException | None = None) -> None:
    """End the session with the request. Where its connection is gone nothing is left to undo: the answer stands."""
    try:
        db.session.remove()
    except DBAPIError as error:
        _log.warning("a session ended with its connection gone: %s", type(error).__name__)
        db.session.registry.clear()


def tune_engine(engine: Engine) -> None:
    """Give SQLite the habits that the acts rely on: WAL, foreign keys, and an immediate lock for writing transactions.

    A deferred transaction that turns from reading to writing fails at once under load, whatever the busy timeout.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
