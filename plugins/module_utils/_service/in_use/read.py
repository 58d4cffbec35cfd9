# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is in use: clusters, apps and the user's own lists are read, several at a time.

A source at fault does not stop the others, and is named in the result. What was read of such a source counts all the
same, since a use protects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial

from ..._domain.clusters.cluster import Cluster
from ..._domain.clusters.lookup import resolve_clusters
from ..._domain.clusters.selection import EVERY, plain_names
from ..._domain.errors import DocrError
from ..._domain.in_use.apps import AppImages
from ..._domain.in_use.model import ImageUse, ImageUses, UnreadSource
from ..._domain.in_use.options import APPS, InUseOptions
from ..._domain.in_use.reference import RegistryAddress, read_listed
from ..._domain.names import NameRef, shown
from ..flow.budget import CallBudget
from ..flow.parallel import MOST_CLUSTERS, parallel_map, parallel_outcomes
from ..ports.in_use import UseSources
from ..ports.kube import Kube
from .clusters import ClusterUses, read_cluster

# As long as reading the largest cluster takes, with an API server that has much to do.
_ENTRY_S = 900
# In this state a cluster has no objects any more.
_DELETED = "deleted"
_RUNNING = "running"
_APPS_AT_ONCE = 4


@dataclass(frozen=True)
class SourceReading:
    """What a source gave: uses, and why the source could not be read as a whole."""

    uses: tuple[ImageUse, ...] = ()
    error: str | None = None
    cluster: ClusterUses | None = None


@dataclass(frozen=True)
class _Sources:
    """The sources by name: how to read each, and why some cannot be read at all."""

    work: dict[str, Callable[[], SourceReading]] = field(default_factory=dict)
    unread: list[UnreadSource] = field(default_factory=list)


def read_uses(
    api: UseSources, options: InUseOptions, address: RegistryAddress, budget: CallBudget | None = None
) -> ImageUses:
    """The uses of a registry's images that the sources name; each source that cannot be read is named.

    Raises Refused where a library that reads clusters is missing. `budget` takes the calls of DigitalOcean's API.
    """
    return UseReader(api, options, address, budget).read()


class UseReader:
    """Reads the sources of one run."""

    def __init__(
        self, api: UseSources, options: InUseOptions, address: RegistryAddress, budget: CallBudget | None
    ) -> None:
        self._api = api
        self._options = options
        self._address = address
        self._budget = budget

    def read(self) -> ImageUses:
        """What all sources give."""
        options = self._options
        if options.enters_clusters:
            # A kubeconfig that cannot be read is an error of its contexts alone.
            self._api.require_kubernetes(())
        sources = _Sources()
        self._add_clusters(sources)
        for context in options.contexts:
            name = f"context {context}" if context else f"kubeconfig {options.kubeconfig}"
            sources.work[name] = partial(self._read_context, context)
        if options.apps:
            sources.work[APPS] = self._read_apps
        for path in options.image_files:
            sources.work[f"file {path}"] = partial(self._read_file, path)
        readings = parallel_outcomes(sources.work, MOST_CLUSTERS)
        listed = (use for one in options.images for use in self._read_listed(one, "the list in_use.images"))
        uses = [*listed, *_uses_of(readings)]
        unread = (*sources.unread, *_unread_of(readings), *self._missing_resources(readings))
        may_be_missing = options.may_be_missing
        return ImageUses(
            uses=tuple(uses),
            unread=tuple(one for one in unread if one.source not in may_be_missing),
            is_stated=options.is_stated,
            excused=tuple(one for one in unread if one.source in may_be_missing),
        )

    def _take(self, calls: int = 1) -> None:
        if self._budget is not None:
            self._budget.take(calls)

    def _add_clusters(self, sources: _Sources) -> None:
        """The clusters of names and globs. A glob passes over deleted clusters, which have no objects."""
        names = self._options.clusters
        if not names:
            return
        try:
            self._take()
            clusters = self._api.list_clusters()
        except DocrError as error:
            sources.unread.extend(UnreadSource(f"cluster {one}", str(error)) for one in names)
            return
        chosen: dict[str, tuple[str, Cluster]] = {}
        for name in names:
            matches, fault = _choose(clusters, name)
            if fault is not None:
                sources.unread.append(UnreadSource(f"cluster {name}", fault))
            for one in matches:
                chosen.setdefault(one.id, (name if len(matches) == 1 and name == one.id else one.name, one))
        told = [name for name, _cluster in chosen.values()]
        for name, cluster in chosen.values():
            source = f"cluster {name if told.count(name) == 1 else cluster.id}"
            sources.work[source] = partial(self._read_doks, cluster)

    def _read_doks(self, cluster: Cluster) -> SourceReading:
        if not self._api.may_enter_clusters:
            words = (
                f"The cluster {cluster.name} was not read: access to a cluster mints a token, and this is check mode."
            )
            return SourceReading(error=words)
        try:
            self._take()
            return self._read_kube(self._api.open_cluster(cluster, _ENTRY_S), f"the cluster {cluster.name}")
        except DocrError as error:
            state = "" if cluster.state == _RUNNING else f" The cluster's state is {cluster.state}."
            return SourceReading(error=f"{error}{state}")

    def _read_context(self, context: str | None) -> SourceReading:
        kube = self._api.open_kubeconfig(self._options.kubeconfig or "", context)
        return self._read_kube(kube, f"the cluster {kube.name}")

    def _read_kube(self, kube: Kube, words: str) -> SourceReading:
        found = read_cluster(kube, words, self._options.resources, self._address)
        return SourceReading(found.uses, found.error, found)

    def _read_apps(self) -> SourceReading:
        self._take()
        apps = self._api.list_apps()
        deployments = parallel_map(apps, self._list_deployments, _APPS_AT_ONCE)
        uses = [
            reference.used_at(f"{role} of the app {app.name}")
            for app, former in zip(apps, deployments, strict=True)
            for role, one in (("a present deployment", app), *(("a former deployment", one) for one in former))
            for reference in one.references
        ]
        return SourceReading(tuple(dict.fromkeys(uses)))

    def _list_deployments(self, app: AppImages) -> tuple[AppImages, ...]:
        self._take()
        return self._api.list_deployments(app)

    def _read_file(self, path: str) -> SourceReading:
        uses: list[ImageUse] = []
        faults = []
        for number, entry in enumerate(self._api.read_image_list(path), 1):
            try:
                uses += self._read_listed(entry, f"the file {path}")
            except ValueError as error:
                faults.append(f"entry {number}, {shown(entry)}, is no reference: {error}")
        if not faults:
            return SourceReading(tuple(uses))
        rest = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        return SourceReading(tuple(uses), f"Could not read the file {path}: {faults[0]}{rest}; correct the file.")

    def _read_listed(self, entry: str, where: str) -> Iterator[ImageUse]:
        return (reference.used_at(where) for reference in read_listed(entry, self._address))

    def _missing_resources(self, readings: Mapping[str, SourceReading | DocrError]) -> Iterator[UnreadSource]:
        """Resources of which no cluster gave an image: their name or their path may be wrong."""
        clusters = [one.cluster for one in readings.values() if isinstance(one, SourceReading) and one.cluster]
        for name in dict.fromkeys(one.source.name for one in self._options.resources):
            counts = [one.resources[name] for one in clusters if name in one.resources]
            if not counts:
                continue
            if all(one is None for one in counts):
                words = f"No cluster serves the resource {name}; correct group and version, or remove the resource."
                yield UnreadSource(f"resource {name}", words)
            elif any(one and one.objects for one in counts) and not any(one and one.with_values for one in counts):
                objects = sum(one.objects for one in counts if one)
                words = (
                    f"None of the {objects} objects of the resource {name} has a text at the path; correct the path."
                )
                yield UnreadSource(f"resource {name}", words)


def _choose(clusters: Sequence[Cluster], name: str) -> tuple[tuple[Cluster, ...], str | None]:
    """The clusters that a name, an ID or a glob means, and why there is none."""
    if plain_names([name]):
        found, faults = resolve_clusters(clusters, [NameRef("in_use.clusters", name)])
        return tuple(found.values()), str(faults[0]) if faults else None
    matches = tuple(one for one in clusters if fnmatchcase(one.name, name) and one.state != _DELETED)
    if matches or (name,) == EVERY:
        return matches, None
    fault = f"no cluster of the team matches {shown(name)}"
    return (), f"in_use.clusters: {fault}; correct the pattern, or remove the pattern"


def _uses_of(readings: Mapping[str, SourceReading | DocrError]) -> Iterator[ImageUse]:
    for one in readings.values():
        if isinstance(one, SourceReading):
            yield from one.uses


def _unread_of(readings: Mapping[str, SourceReading | DocrError]) -> Iterator[UnreadSource]:
    for name, one in readings.items():
        error = str(one) if isinstance(one, DocrError) else one.error
        if error is not None:
            yield UnreadSource(name, error)
