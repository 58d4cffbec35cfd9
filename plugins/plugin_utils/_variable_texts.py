# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read texts of variables as YAML, and paths of variables relative to the working directory."""

from __future__ import annotations

import os
from collections.abc import Sequence

import yaml

from ..module_utils._domain.role.variable_values import TextReader


def load_plain(text: str) -> object:
    """The value of a YAML text with every scalar as text, so that no text is read as a number, a date or a boolean.

    Raises ValueError.
    """
    try:
        return yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(_reason(error)) from None


def load_documents(text: str) -> Sequence[object]:
    """The documents of a YAML text without the empty documents; raises ValueError."""
    try:
        return [one for one in yaml.safe_load_all(text) if one is not None]
    except yaml.YAMLError as error:
        raise ValueError(_reason(error)) from None


def resolve_path(path: str) -> str:
    """An absolute path; the user's home folder and the working directory count."""
    return os.path.abspath(os.path.expanduser(path))


TEXTS = TextReader(load_plain, load_documents, resolve_path)


def _reason(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or "the text cannot be parsed")
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return place + " ".join(problem.split())
