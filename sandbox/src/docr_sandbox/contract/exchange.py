# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request with its answer, and the findings about both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. ``raw_path`` is still percent-encoded; header names are lower case."""

    method: str
    raw_path: str
    status: int
    query: tuple[tuple[str, str], ...] = ()
    request_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    request_body: bytes = field(default=b"", repr=False)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = field(default=b"", repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the server accepted the request."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The answer's media type without parameters."""
        return self.response_headers.get("content-type", "").partition(";")[0].strip().lower()


class Kind(StrEnum):
    """What a finding is about."""

    OPERATION = "operation"
    REQUEST = "request"
    QUERY = "unknown query value"
    REQUEST_BODY = "undescribed request body"
    REQUEST_KEY = "unknown key in the request"
    STATUS = "undocumented status"
    RESPONSE = "response"
    MISSING_KEY = "key missing in the answer"
    EXTRA_KEY = "undocumented key in the answer"
    EMPTY_BODY = "body where none may be"
    HEADER = "header missing or wrong"


@dataclass(frozen=True)
class Finding:
    """One departure from the description. ``operation`` is such as ``GET /v2/registries/{registry_name}``."""

    kind: Kind
    operation: str
    detail: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.kind}: {self.detail}"
