# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints of the image host share: a call with its parts checked, and the errors of the protocol."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from docr_sandbox.content import ALGORITHMS
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.repository import Repository
from docr_sandbox.model.tiers import TIERS
from docr_sandbox.model.tokens import Bearer
from docr_sandbox.world import World

# The specification's own expressions for names, tags and digests.
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_LENGTHS = {"sha256": 64, "sha512": 128}

STATUSES = {
    "BLOB_UNKNOWN": 404,
    "BLOB_UPLOAD_INVALID": 416,
    "BLOB_UPLOAD_UNKNOWN": 404,
    "DENIED": 403,
    "DIGEST_INVALID": 400,
    "MANIFEST_BLOB_UNKNOWN": 404,
    "MANIFEST_INVALID": 400,
    "MANIFEST_UNKNOWN": 404,
    "NAME_INVALID": 400,
    "NAME_UNKNOWN": 404,
    "SIZE_INVALID": 400,
    "TOOMANYREQUESTS": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED": 405,
}


class DistributionError(Exception):
    """An error of the OCI distribution protocol, by its code."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The status of the answer."""
        return STATUSES[self.code]


@dataclass
class ImageCall:
    """A request about a repository that its token allows. `reference` is a tag, a digest or the ID of an upload."""

    world: World
    bearer: Bearer
    request: Request
    name: str
    reference: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def registry_name(self) -> str:
        """The first part of the name."""
        return self.name.partition("/")[0]

    @property
    def repository_name(self) -> str:
        """What follows the registry's name."""
        return self.name.partition("/")[2]

    def registry(self) -> Registry:
        """The registry; NAME_UNKNOWN when the account has no registry of that name."""
        found = self.world.account.registries.get(self.registry_name)
        if found is None:
            raise DistributionError("NAME_UNKNOWN", "repository name not known to registry")
        return found

    def repository(self) -> Repository:
        """The repository; NAME_UNKNOWN before the first manifest of the repository."""
        found = self.registry().repositories.get(self.repository_name)
        if found is None:
            raise DistributionError("NAME_UNKNOWN", "repository name not known to registry")
        return found

    def check_room(self) -> None:
        """DENIED when a new repository would exceed the limit of the team's tier."""
        account = self.world.account
        if self.repository_name in self.registry().repositories or account.subscription is None:
            return
        limit = TIERS[account.subscription.tier].repositories
        count = sum(len(one.repositories) for one in account.registries.values())
        if limit and count >= limit:
            raise DistributionError("DENIED", f"registry contains {count} repositories, limit is {limit}")

    def url(self, rest: str) -> str:
        """A URL below the repository's URL, as the client of this call reaches the image host."""
        return f"https://{self.request.headers.get('host', self.world.addresses.image_host)}/v2/{self.name}/{rest}"


Handler = Callable[[ImageCall], Awaitable["Response"]]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: the action that the token of a request must allow, and the handler."""

    action: str
    handler: Handler


def check_digest(text: str) -> str:
    """The digest itself when its form is valid; else DIGEST_INVALID."""
    algorithm, _, value = text.partition(":")
    if algorithm in ALGORITHMS and re.fullmatch(rf"[0-9a-f]{{{_LENGTHS[algorithm]}}}", value):
        return text
    raise DistributionError("DIGEST_INVALID", "provided digest did not match uploaded content")
