# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read texts of variables as YAML, and paths of variables relative to the working directory."""

from __future__ import annotations

import os
from collections.abc import Sequence

import yaml

from ..module_utils._domain.field_errors import FieldError
from ..module_utils._domain.role.variable_values import TextReader
from ._manifest_files import NESTED_TOO_DEEPLY, parse_documents, syntax_fault


def load_plain(text: str) -> object:
    """The value of a YAML text with every scalar as text, so that no text is read as a number, a date or a boolean.

    Raises ValueError.
    """
    try:
        return yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError as error:
        fault = syntax_fault("", text, error)
        raise ValueError(f"{fault.where}: {fault.what}") from None
    except RecursionError:
        raise ValueError(NESTED_TOO_DEEPLY) from None


def load_documents(text: str) -> Sequence[object]:
    """The documents of a YAML text without the empty documents, read as files are; raises ValueError."""
    faults: list[FieldError] = []
    documents = list(parse_documents("", text, faults))
    if faults:
        raise ValueError("; ".join(str(fault) for fault in faults))
    return [one.value for one in documents if one.value is not None]


def resolve_path(path: str) -> str:
    """An absolute path; the user's home folder and the working directory count."""
    return os.path.abspath(os.path.expanduser(path))


TEXTS = TextReader(load_plain, load_documents, resolve_path)
