"""Bring a database to the tables of this version, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from stylus_engine.errors import BadSettings

HERE = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Upgrade to the newest step. Raises `BadSettings` for a database of a later version."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # the database names a step that this version does not have
        why = "a newer version of Stylus made this database; update Stylus"
        raise BadSettings(where="database.url", why=why) from error
