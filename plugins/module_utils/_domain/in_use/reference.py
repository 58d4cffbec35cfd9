# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References to images as Kubernetes, Docker, container runtimes and Flux write them.

A reference without a tag and a digest means the tag `latest`; with both, the digest counts. Container runtimes report
what runs as `imageID`: a repository with a digest, the digest of a configuration without a repository, or either behind
`docker-pullable://` or `docker://`. Flux writes `oci://` in front of an address, and keeps tag and digest apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..names import shown
from ..registry.model import IMAGE_HOST
from ..registry.name import is_repository_name
from .model import ImageUse

_LATEST = "latest"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}", re.IGNORECASE | re.ASCII)
# CRI-O reports the digest of a configuration without its algorithm.
_BARE_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HTTPS_PORT = ":443"
# OCI distribution-spec, "Pulling manifests".
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class Reference(NamedTuple):
    """What a reference says of an image of the registry; the fields are those of `ImageUse`."""

    repository: str | None
    tag: str | None = None
    digest: str | None = None
    semver: str | None = None
    is_expected: bool = True

    def used_at(self, where: str) -> ImageUse:
        """The use of the image at a place."""
        return ImageUse(where, *self)


@dataclass(frozen=True)
class RegistryAddress:
    """The registry whose images are looked for: its name, and the host that clients reach its images at."""

    name: str
    host: str = IMAGE_HOST

    def repository_of(self, path: str) -> str | None:
        """The repository of `HOST/REGISTRY/REPOSITORY`; None for an image of elsewhere.

        A host and a registry compare without case: protecting too much harms no image.
        """
        host, _slash, rest = path.partition("/")
        registry, _slash, repository = rest.strip("/").partition("/")
        known = {one.casefold().removesuffix(_HTTPS_PORT) for one in (self.host, IMAGE_HOST)}
        is_ours = host.casefold().removesuffix(_HTTPS_PORT) in known and registry.casefold() == self.name
        return repository.strip("/") or None if is_ours else None


def read_reference(text: str, address: RegistryAddress) -> Reference | None:
    """The image that a specification names; None for an image of another registry."""
    plain = _without_scheme(text)
    bare = _bare_digest(plain)
    if bare is not None:
        return bare
    path, tag, digest = _split(plain)
    repository = address.repository_of(path)
    if repository is None:
        return None
    return Reference(repository, None if digest else tag or _LATEST, digest)


def read_image_id(text: str, address: RegistryAddress, *, is_ours: bool = False) -> Reference | None:
    """The image that runs, by the report of a container runtime; None for a report without a digest of elsewhere.

    A node reports one of the repositories from which it has the image, which may be another registry's. So every
    digest counts. `is_ours` says whether the specification of the container names an image of the registry.
    """
    plain = _without_scheme(text)
    bare = _bare_digest(plain)
    if bare is not None:
        return bare._replace(is_expected=is_ours)
    path, _tag, digest = _split(plain)
    if digest is not None and address.repository_of(path) is None:
        return Reference(None, digest=digest, is_expected=False)
    return read_reference(plain, address)


def read_listed(text: str, address: RegistryAddress) -> tuple[Reference, ...]:
    """The image of an entry of the user's own list: a reference as anywhere, or `REPOSITORY:TAG`, `REPOSITORY@DIGEST`.

    An entry of another registry gives nothing. Raises ValueError with a sentence part for what is no reference.
    """
    plain = _without_scheme(text)
    if _bare_digest(plain) is not None:
        return (Reference(None, digest=plain.lower()),)
    path, tag, digest = _split(plain)
    if (digest is None) is ("@" in plain) or (digest is not None and not _DIGEST.fullmatch(digest)):
        raise ValueError("the digest is not an algorithm, a colon and hexadecimal digits")
    if tag is not None and not _TAG.fullmatch(tag):
        raise ValueError(f"{shown(tag)} is no tag")
    if not _has_host(path):
        return tuple(_relative(path, tag, digest, address))
    repository = address.repository_of(path)
    return () if repository is None else (Reference(repository, None if digest else tag or _LATEST, digest),)


def _relative(path: str, tag: str | None, digest: str | None, address: RegistryAddress) -> Iterator[Reference]:
    """The image of a repository without a host; the name of the registry may stand before the repository or not."""
    if not is_repository_name(path):
        raise ValueError(f"{shown(path)} is no repository")
    short = path.removeprefix(f"{address.name}/")
    yield Reference(short, None if digest else tag or _LATEST, digest)
    if short != path:
        yield Reference(path, None if digest else tag or _LATEST, digest, is_expected=False)


def read_parts(
    text: str, address: RegistryAddress, tags: Iterable[str], digests: Iterable[str], ranges: Iterable[str]
) -> tuple[Reference, ...]:
    """The images of an address whose tags, digests and ranges of versions are kept apart, as Flux does.

    The address alone means its own tag or digest, or the tag `latest`.
    """
    repository = address.repository_of(_split(_without_scheme(text))[0])
    if repository is None:
        return ()
    found = [Reference(repository, digest=_without_name(one)) for one in digests if one.strip()]
    found += [Reference(repository, semver=one.strip()) for one in ranges if one.strip()]
    # Where a digest or a range counts, the tag beside is an older wish, and may be gone.
    found += [Reference(repository, tag=one.strip(), is_expected=not found) for one in tags if one.strip()]
    own = read_reference(text, address)
    return tuple(found) or (() if own is None else (own,))


def _without_name(digest: str) -> str:
    """The digest of `TAG@DIGEST`, which Flux shows for an image that it found, or of a digest alone."""
    return digest.strip().rpartition("@")[2].lower()


def _without_scheme(text: str) -> str:
    return _SCHEME.sub("", text.strip(), count=1)


def _bare_digest(text: str) -> Reference | None:
    if _BARE_HEX.fullmatch(text):
        return Reference(None, digest=f"sha256:{text}", is_expected=False)
    return Reference(None, digest=text.lower(), is_expected=False) if _DIGEST.fullmatch(text) else None


def _split(text: str) -> tuple[str, str | None, str | None]:
    """Path, tag and digest."""
    path, _at, digest = text.partition("@")
    head, colon, tag = path.rpartition(":")
    if colon and "/" not in tag:
        return head, tag, digest.lower() or None
    return path, None, digest.lower() or None


def _has_host(path: str) -> bool:
    """Whether the first part is a host, by Docker's rule."""
    first, slash, _rest = path.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")
