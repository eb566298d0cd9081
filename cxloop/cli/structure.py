"""Definitions and bodies that come as a file."""

import json
import tomllib
from pathlib import Path
from typing import Any

import click


def read_structure(file: Path) -> Any:
    """What a TOML or JSON file holds; a refusal in words when it is neither."""
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name}: {error}") from None
