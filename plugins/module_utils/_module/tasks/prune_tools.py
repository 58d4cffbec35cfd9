# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of docr_image_prune share."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ..._domain.errors import NotFound
from ..._domain.names import join_names
from ..._service.ports.image_host import ImageHost
from ..._service.ports.retention import RetentionSources
from ..._service.retention.access import RetentionAccess
from ..._service.retention.read import ReadingTools
from .prune_options import PruneOptions

_MOST_TOLD = 3


def open_access(options: PruneOptions, tools: ReadingTools, api: RetentionSources, host: ImageHost) -> RetentionAccess:
    """The services, copies and budget of the registry."""
    store = api.open_copies(options.folders.undo)
    return RetentionAccess(api, host, options.address.name, tools.cache, store, tools.budget, tools.clock)


def is_chosen(options: PruneOptions, repository: str) -> bool:
    """Whether the option `repositories` means a repository."""
    return options.patterns is None or any(fnmatchcase(repository, one) for one in options.patterns)


def require_matches(options: PruneOptions, repositories: Sequence[str], words: str) -> None:
    """Raise NotFound where a pattern of the option `repositories` matches no repository: green would be misleading."""
    patterns = options.patterns or ()
    unmatched = [one for one in patterns if not any(fnmatchcase(name, one) for name in repositories)]
    if unmatched:
        told = f"no repository matches {join_names(unmatched)}"
        raise NotFound(f"{words} the registry {options.address.name}", told, "correct the option repositories")


def first_sentences(sentences: Sequence[str]) -> str:
    """Some sentences, and how many more there are."""
    more = len(sentences) - _MOST_TOLD
    return " ".join([*sentences[:_MOST_TOLD], *([f"{more} more are in the result."] if more > 0 else [])])
