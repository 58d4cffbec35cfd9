# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From documents, as YAML was parsed, to manifests: all faults of all documents at once, before any call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ..errors import InvalidInput
from ..field_errors import FieldError
from ..login.lifetimes import lifetime_options
from ..names import shown
from ..registry.tiers import HIGHEST, tier_disagreement
from .access import BLOCK, manifest_faults, manifest_notes, variable_notes
from .place import Faults, Place, kind_of_value, nearest
from .schema import HOME, KIND, OLD_HOMES
from .values import given, read_object, spelled_path

# What kubectl writes around several documents.
LIST = "List"

# So near to the right kind that it is a slip, not another kind that somebody asked to skip.
SLIP = 0.9


@dataclass(frozen=True)
class Document:
    """One parsed document, and where it stood: a file as the user named it, and its number from 1.

    `item` is the number from 1 of an item of a document that is a List, else 0.
    """

    file: str
    number: int
    value: object
    item: int = 0

    @property
    def origin(self) -> str:
        """The document as messages name it: `three.yaml document 2 (shop-eu)`."""
        metadata = self.value.get("metadata") if isinstance(self.value, Mapping) else None
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        own = f" ({shown(name)[1:-1]})" if isinstance(name, str) and name.strip() else ""
        item = f" item {self.item}" if self.item else ""
        return f"{self.file} document {self.number}{item}{own}"


@dataclass(frozen=True)
class Manifest:
    """A registry as a document wants it.

    `garbage_collection` holds what it says of docr_gc's options, `doks_integration` what it says of those of
    docr_doks_integration, by their names, and nothing else. `region` is None where DigitalOcean chooses.
    `docker_credentials` is None where no login is wanted, else `write` and, where given, `expiry_seconds`.
    """

    name: str
    region: str | None
    subscription_tier: str
    garbage_collection_enabled: bool
    garbage_collection: Mapping[str, Any]
    doks_integration: Mapping[str, Any]
    docker_credentials: Mapping[str, Any] | None
    metadata: Mapping[str, Any]
    origin: str

    def shape(self) -> dict[str, Any]:
        """The form that the role and users see."""
        return {
            "name": self.name,
            "region": self.region,
            "subscription_tier": self.subscription_tier,
            "garbage_collection_enabled": self.garbage_collection_enabled,
            "garbage_collection": dict(self.garbage_collection),
            "doks_integration": dict(self.doks_integration),
            "docker_credentials": None if self.docker_credentials is None else dict(self.docker_credentials),
            "metadata": _plain(self.metadata),
            "origin": self.origin,
        }


@dataclass(frozen=True)
class ManifestSet:
    """The manifests in the order of their documents, one for each registry, and what to tell about them."""

    manifests: tuple[Manifest, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """What could be read of one document; `spec` lacks the fields that have a fault."""

    origin: str
    content: Mapping[str, Any]
    spec: Mapping[str, Any]
    metadata: Mapping[str, Any]
    faults: Faults

    @property
    def own_access(self) -> Mapping[str, Any]:
        """What it says of its clusters."""
        return given(self.spec.get("doks_integration"))

    def path_of(self, name: str) -> str:
        """Where it says one thing of its clusters."""
        return Place(self.origin, spelled_path(f"{BLOCK}.{name}", self.content)).text


def read_manifests(
    documents: Iterable[Document],
    *,
    skip_other_kinds: bool = False,
    faults: Faults = (),
    access: Mapping[str, Any] | None = None,
    tier_policy: str = HIGHEST,
    writes_logins: bool = False,
) -> ManifestSet:
    """The manifests of all documents; raises InvalidInput with `faults` and all that is wrong with the documents.

    `access` is what variables say for all manifests that do not say it in their `doks_integration`, None where that
    does not matter. With `writes_logins` another task writes the logins that manifests ask for.
    """
    readings, found = _readings(documents, skip_other_kinds)
    found = [*faults, *found]
    firsts: dict[str, _Reading] = {}
    for reading in readings:
        name = reading.spec.get("name")
        if name is not None and firsts.setdefault(name, reading) is not reading:
            found += _difference(firsts[name], reading)
        if "doks_integration" in reading.spec:
            found += manifest_faults(reading.own_access, access, reading.path_of)
    found += tier_disagreement(_name_tiers(firsts.values()), tier_policy, "docr_tier_policy")
    if found:
        # What is wrong with a variable is found again for every manifest.
        raise InvalidInput(tuple(dict.fromkeys(found)))
    first_ones = tuple(firsts.values())
    return ManifestSet(
        tuple(_manifest(reading) for reading in first_ones),
        (
            *(warning for reading in first_ones for warning in _warnings(reading, access)),
            *(
                _login_warning(one)
                for one in first_ones
                if one.spec["docker_credentials"] is not None and not writes_logins
            ),
            *variable_notes((reading.own_access for reading in first_ones), access),
        ),
        tuple(note for reading in readings for note in _notes(reading)),
    )


def _name_tiers(readings: Iterable[_Reading]) -> Iterator[tuple[str, str]]:
    """The tiers that the manifests name, each with its place; a tier with a fault of its own names none."""
    for reading in readings:
        tier = reading.spec.get("subscription_tier")
        if tier is not None:
            yield Place(reading.origin, spelled_path("spec.subscription_tier", reading.content)).text, tier


def _readings(documents: Iterable[Document], skip_other_kinds: bool) -> tuple[list[_Reading], list[FieldError]]:
    """What could be read of the manifests among the documents, and the faults of each."""
    readings: list[_Reading] = []
    found: list[FieldError] = []
    for document in _with_items(documents, found):
        if document.value is None:
            continue
        stranger = _kind_fault(document)
        if stranger is None:
            readings.append(_read(document))
            found += readings[-1].faults
        elif not (skip_other_kinds and _is_another_kind(document)):
            found.append(stranger)
    return readings, found


def _with_items(documents: Iterable[Document], found: list[FieldError]) -> Iterator[Document]:
    """The documents, and the items of a List in its place; a List in a List is a document of another kind."""
    for document in documents:
        content = document.value
        if not (isinstance(content, Mapping) and content.get("kind") == LIST):
            yield document
            continue
        items = content.get("items")
        if items is None or isinstance(items, list | tuple):
            yield from (replace(document, value=one, item=number) for number, one in enumerate(items or (), 1))
        else:
            what = f"the value is {kind_of_value(items)}"
            found.append(Place(document.origin).at("items").fault(what, "write a list of manifests"))


def variable_faults(values: Mapping[str, Any]) -> Faults:
    """What is wrong with the variables that say for all manifests what `spec.garbage_collection` says for one."""
    found = read_object("spec.garbage_collection", values, Place(""))[1]
    return tuple(replace(fault, where=f"docr_gc_{fault.where}") for fault in found)


def _kind_fault(document: Document) -> FieldError | None:
    """What keeps the document from being read as a manifest at all."""
    content = document.value
    place = Place(document.origin)
    if not isinstance(content, Mapping):
        advice = "write a map with apiVersion, kind, metadata and spec, and --- between documents"
        if isinstance(content, str) and content.startswith("$ANSIBLE_VAULT;"):
            advice = "decrypt the file with ansible-vault; a manifest holds no secrets"
            return place.fault("the document is encrypted with ansible-vault", advice)
        return place.fault(f"the value is {kind_of_value(content)}, not a manifest", advice)
    kind = content.get("kind")
    if not isinstance(kind, str) or kind == KIND:
        return None  # a missing kind is one fault among those of the fields
    if kind == f"{KIND}List":
        return place.at("kind").fault(f"the kind is {shown(kind)}", f"write {LIST} for a list of manifests")
    meant = nearest(kind, (KIND,), SLIP)
    advice = (
        f"did you mean {meant}"
        if meant
        else f"write {KIND}, or skip documents of other kinds with docr_skip_other_kinds"
    )
    return place.at("kind").fault(f"the kind is {shown(kind)}", advice)


def _is_another_kind(document: Document) -> bool:
    kind = document.value.get("kind") if isinstance(document.value, Mapping) else None
    return isinstance(kind, str) and nearest(kind, (KIND,), SLIP) is None


def _read(document: Document) -> _Reading:
    content = cast(Mapping[str, Any], document.value)
    place = Place(document.origin)
    values, faults = read_object("", content, place)
    spec = values.get("spec")
    if spec is None and isinstance(content.get("spec"), Mapping):
        # A fault in one field hides the whole object, but the others still tell whether two documents differ.
        spec = read_object("spec", content["spec"], place)[0]
    return _Reading(document.origin, content, spec or {}, values.get("metadata") or {}, faults)


def _difference(first: _Reading, second: _Reading) -> Iterable[FieldError]:
    """The fault of two documents for one registry that do not say the same."""
    both = [name for name in first.spec if name in second.spec]
    differing = [name for name in both if _said(first.spec[name]) != _said(second.spec[name])]
    if differing:
        yield Place(second.origin, "spec.name").fault(
            f"the registry {first.spec['name']} has other values in {first.origin}, which says another "
            f"{' and another '.join(differing)}",
            "let both say the same, or keep one",
        )


def _plain(value: Any) -> Any:
    """A value of plain maps and lists, which a task's result may hold."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _said(value: Any) -> Any:
    """The value as two documents are compared: an object without any field says as much as none."""
    return given(value) or None if isinstance(value, Mapping) else value


def _warnings(reading: _Reading, access: Mapping[str, Any] | None) -> Iterable[str]:
    name = reading.spec["name"]
    if name[0].isdigit():
        yield (
            f"{reading.origin}, spec.name: {name} starts with a digit, which the format allows "
            "and DigitalOcean's documentation does not; the service decides."
        )
    if given(reading.spec["garbage_collection"]) and not reading.spec["garbage_collection_enabled"]:
        yield (
            f"{reading.origin}, spec.garbage_collection: the block has no effect, since garbage_collection_enabled "
            "is not true."
        )
    yield from manifest_notes(reading.origin, reading.own_access, access)


def _login_warning(reading: _Reading) -> str:
    """How to get the login of a manifest, which a run of the manifest does not write."""
    name, login = reading.spec["name"], given(reading.spec["docker_credentials"])
    path = spelled_path("spec.docker_credentials", reading.content)
    options = [f"registry={name}", *(["read_write=true"] if login["write"] else [])]
    options += [f"{key}={value}" for key, value in lifetime_options(login.get("expiry_seconds") or 0).items()]
    return (
        f"{reading.origin}, {path}: a run of the manifest writes no login; to write the login to a Docker config file, "
        f"set docr_login_folder, or run the module docr_credentials with {' '.join(options)} and the file's path."
    )


def _notes(reading: _Reading) -> Iterable[str]:
    home = reading.content[spelled_path("apiVersion", reading.content)]
    if home in OLD_HOMES:
        yield f"{reading.origin}, apiVersion: {home} is an old home of the format, and the present home is {HOME}."


def _manifest(reading: _Reading) -> Manifest:
    spec = reading.spec
    return Manifest(
        name=spec["name"],
        region=spec["region"],
        subscription_tier=spec["subscription_tier"],
        garbage_collection_enabled=spec["garbage_collection_enabled"],
        garbage_collection=given(spec["garbage_collection"]),
        doks_integration=given(spec["doks_integration"]),
        docker_credentials=None if spec["docker_credentials"] is None else given(spec["docker_credentials"]),
        metadata=given(reading.metadata),
        origin=reading.origin,
    )
