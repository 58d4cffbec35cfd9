# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests of the image host: each digest is read once, from the cache or in parallel, and verified.

Reads need tokens for pulls only, which delay no garbage collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from threading import Lock
from typing import TypeVar

from ..._domain.errors import BadAnswer, DocrError, Interrupted, NotFound, RateLimited, ServerFault, Unreachable
from ..._domain.images.documents import ManifestBytes, ManifestDocument, digest_fault, parse_document
from ..._domain.images.inventory import ManifestPlace
from ..flow.budget import CallBudget
from ..flow.parallel import parallel_map
from ..flow.wait import Clock
from ..ports.image_host import ImageHost
from ..ports.manifest_cache import ManifestCache

T = TypeVar("T")

SIDE_BY_SIDE = 8
# Repositories for which one token is asked. Their names stand in the address of a request, which is bounded.
_TOKEN_FOR = 20
# Seconds before each further try of a read; a read changes nothing.
_PAUSES_S = (0.5, 4.0)
# The limit of a burst counts one minute (digitalocean-api.md 5).
_LIMITED_PAUSES_S = (15.0, 45.0)
# So many failures in a row are a host that is down, and not damage.
_MOST_IN_A_ROW = 25


@dataclass
class ReadManifests:
    """What was read so far: documents by digest, and why which manifest could not be read."""

    documents: dict[str, ManifestDocument] = field(default_factory=dict)
    unread: dict[ManifestPlace, str] = field(default_factory=dict)
    gone: set[ManifestPlace] = field(default_factory=set)
    from_cache: int = 0
    requests: int = 0
    _in_a_row: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note_request(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    def note_outcome(self, error: DocrError | None) -> None:
        """Count the failures in a row; raises the last one where the host seems to be down."""
        with self._lock:
            self._in_a_row = 0 if error is None else self._in_a_row + 1
            if error is not None and self._in_a_row >= _MOST_IN_A_ROW:
                raise error


@dataclass(frozen=True)
class ManifestReader:
    """Reads the manifests of one registry."""

    host: ImageHost
    registry: str
    cache: ManifestCache
    budget: CallBudget
    clock: Clock
    rate_limit_wait_s: float

    def read_all(self, places_of: Mapping[str, Sequence[ManifestPlace]]) -> ReadManifests:
        """Read each digest at the first of its places that has it.

        What one manifest meets (404, a server's error, other bytes, no manifest) is noted with its place. Raises
        Unreachable where the host is, and any error that too many manifests in a row meet.
        """
        found = ReadManifests()
        wanted = [one for one in places_of if not self._take_from_cache(one, found)]
        for digests in self.authorized(wanted, lambda one: places_of[one][0].repository):
            parallel_map(digests, lambda one: self._read_one(places_of[one], found), SIDE_BY_SIDE)
        self.cache.trim()
        return found

    def read_bytes(self, place: ManifestPlace) -> ManifestBytes:
        """The bytes of a manifest, from the cache or the image host. BadAnswer for bytes that have another digest."""
        cached = self.cache.read(place.digest)
        if cached is not None:
            return cached
        manifest = self._patiently(partial(self.host.fetch_manifest, self.registry, *place))
        fault = digest_fault(manifest.content, place.digest)
        if fault is not None:
            words = f"read the manifest {place.digest} of the repository {self.registry}/{place.repository}"
            raise BadAnswer(words, fault, "run the task again")
        self.cache.write(place.digest, manifest)
        return manifest

    def authorized(self, wanted: Iterable[T], repository_of: Callable[[T], str]) -> Iterator[list[T]]:
        """What is wanted of some repositories at a time, with a token for pulls from these repositories.

        Each part has a token of its own, since a token may end before a long run does.
        """
        by_repository: dict[str, list[T]] = {}
        for one in wanted:
            by_repository.setdefault(repository_of(one), []).append(one)
        left = iter(by_repository)
        while names := tuple(islice(left, _TOKEN_FOR)):
            self.budget.take()
            self._patiently(partial(self.host.authorize_pulls, self.registry, names))
            yield [one for name in names for one in by_repository[name]]

    def ask(self, place: ManifestPlace, *, is_blob: bool) -> None:
        """Ask whether the image host has a manifest or blob, without its bytes. NotFound where the host has none."""
        ask = self.host.check_blob if is_blob else self.host.fetch_digest
        self._patiently(lambda: ask(self.registry, place.repository, place.digest))

    def _take_from_cache(self, digest: str, found: ReadManifests) -> bool:
        cached = self.cache.read(digest)
        document = _parsed(digest, cached) if cached is not None else None
        if not isinstance(document, ManifestDocument):
            return False
        found.documents[digest] = document
        found.from_cache += 1
        return True

    def _read_one(self, places: Sequence[ManifestPlace], found: ReadManifests) -> None:
        unread: dict[ManifestPlace, str] = {}
        for place in places:
            told = self._try_place(place, found)
            if isinstance(told, str):
                unread[place] = told
            elif told is not None:
                found.documents[place.digest] = told
                return
        found.unread.update(unread)

    def _try_place(self, place: ManifestPlace, found: ReadManifests) -> ManifestDocument | str | None:
        """The document, or why it could not be read as a sentence; None where the host has no such manifest."""
        failure: DocrError | None = None
        try:
            manifest = self._fetch(place, found)
        except NotFound:
            found.gone.add(place)
            return None
        except Unreachable:
            raise
        except DocrError as error:
            failure = error
        found.note_outcome(failure)
        if failure is not None:
            return str(failure)
        document = _parsed(place.digest, manifest)
        if isinstance(document, ManifestDocument):
            self.cache.write(place.digest, manifest)
            return document
        words = f"read the manifest {place.digest} of the repository {self.registry}/{place.repository}"
        return f"Could not {words}: {document}."

    def _fetch(self, place: ManifestPlace, found: ReadManifests) -> ManifestBytes:
        def fetch() -> ManifestBytes:
            found.note_request()
            return self.host.fetch_manifest(self.registry, place.repository, place.digest)

        return self._patiently(fetch)

    def _patiently(self, read: Callable[[], T]) -> T:
        """What `read` gives, tried again after a passing error."""
        for pause_s, limited_pause_s in zip(_PAUSES_S, _LIMITED_PAUSES_S, strict=True):
            try:
                return read()
            except RateLimited:
                if limited_pause_s > self.rate_limit_wait_s:
                    raise
                self.clock.sleep(limited_pause_s)
            except (ServerFault, Interrupted):
                self.clock.sleep(pause_s)
        return read()


def _parsed(digest: str, manifest: ManifestBytes) -> ManifestDocument | str:
    """The document in the bytes, or why there is none, as a sentence part."""
    fault = digest_fault(manifest.content, digest)
    if fault is not None:
        return fault
    try:
        return parse_document(manifest.content, manifest.content_type)
    except ValueError as error:
        return str(error)
