"""One head; the migrations make exactly what the models say, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from cxloop.extensions import Base, db
from tests.conftest import MIGRATIONS


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def test_there_is_one_head_and_names_have_four_digits() -> None:
    assert len(script().get_heads()) == 1
    names = [path.name for path in (MIGRATIONS / "versions").glob("*.py")]
    assert names
    assert all(name[:4].isdigit() and name[4] == "_" for name in names)


def test_migrations_and_models_agree(app_context: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_is_named_and_there(app_context: Flask) -> None:
    inspector = db.inspect(db.engine)
    for table in Base.metadata.tables.values():
        wanted = {check.name for check in table.constraints if check.__visit_name__ == "check_constraint"}
        assert wanted <= {check["name"] for check in inspector.get_check_constraints(table.name)}, table.name
