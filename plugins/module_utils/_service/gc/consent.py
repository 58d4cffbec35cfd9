# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types that delete untagged manifests need consent, and the refusal says what may break."""

from __future__ import annotations

from collections.abc import Sequence

from ..._domain.errors import InvalidInput
from ..._domain.field_errors import FORBIDDEN, FieldError
from ..._domain.gc.rules import RuleBook
from ..._domain.names import NameRef
from ..ports.api import Api
from .images import IndexCount, count_indexes

_WHAT = (
    "{type} deletes untagged manifests, which the platforms, attestations and signatures of images can be too, and"
    " no documentation says whether DigitalOcean spares them: the tags would stay, and pulls would fail"
)
_ADVICE = "set allow_delete_untagged_manifests if you can lose them, or use unreferenced_blobs"


def refuse_without_consent(api: Api, names: Sequence[NameRef], book: RuleBook) -> None:
    """Raise InvalidInput for each registry that would lose manifests, with its number of image indexes."""
    faults = tuple(
        FieldError(
            one.where,
            f"{_WHAT.format(type=rules.type)}. {one.name} {_tell(count_indexes(api, one.name))}",
            _ADVICE,
            FORBIDDEN,
        )
        for one in names
        if (rules := book.of(one.name)).deletes_manifests
    )
    if faults:
        raise InvalidInput(faults)


def _tell(count: IndexCount | None) -> str:
    if count is None:
        return "may hold such images: its image host could not be read"
    number = f"{count.indexes} image index{'' if count.indexes == 1 else 'es'}"
    return f"has {number}" if count.is_all else f"has {number} among the first {count.looked_at} tagged manifests"
