# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags by which clients attach a manifest to another: cosign's, and the fallback of registries without referrers.

Cosign's older layout has a tag for each kind of companion (`sha256-<hex>.sig`, `.att`, `.sbom`). OCI's referrers tag
schema has `sha256-<hex>`, which names an index of the referrers (OCI distribution-spec, "Referrers Tag Schema").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIGNATURE, ATTESTATION, SBOM, REFERRERS = "signature", "attestation", "sbom", "referrers"
_KINDS = {".sig": SIGNATURE, ".att": ATTESTATION, ".sbom": SBOM, None: REFERRERS}
_COMPANION = re.compile(r"sha256-([0-9a-f]{64})(\.sig|\.att|\.sbom)?", re.ASCII)


@dataclass(frozen=True)
class CompanionTag:
    """A tag that attaches its manifest to the manifest `subject`; `kind` says what is attached."""

    subject: str
    kind: str


def parse_companion_tag(tag: str) -> CompanionTag | None:
    """The companion that a tag makes of its manifest; None for a user's tag, which is every tag of another form."""
    # Most tags are users' tags, and a registry has many.
    match = _COMPANION.fullmatch(tag) if tag.startswith("sha256-") else None
    return CompanionTag(f"sha256:{match[1]}", _KINDS[match[2]]) if match else None
