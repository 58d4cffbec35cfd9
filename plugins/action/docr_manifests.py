# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._domain.errors import InvalidInput
from ..module_utils._domain.field_errors import FieldError
from ..module_utils._domain.manifest.access import access_variables
from ..module_utils._domain.manifest.reader import Document, ManifestSet, read_manifests, variable_faults
from ..module_utils._domain.manifest.schema import KIND
from ..module_utils._module.failure import failure
from ..plugin_utils._manifest_files import read_files

ARGUMENTS: dict[str, dict[str, Any]] = {
    "files": {"type": "list", "elements": "path", "default": []},
    # Not `dict`: what is no mapping is reported with all other faults, by document and path.
    "manifests": {"type": "list", "elements": "raw", "default": []},
    "skip_other_kinds": {"type": "bool", "default": False},
    "garbage_collection": {"type": "dict", "default": {}},
    "doks_integration": {"type": "dict"},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """Reads manifests where the playbook runs, since there the files are."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read, check, and return the manifests."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        try:
            read = _read(options)
        except InvalidInput as error:
            return {**result, **failure(error, []), "failed": True}
        warnings = [*result.get("warnings", ()), *read.warnings]
        manifests = [manifest.shape() for manifest in read.manifests]
        return {**result, "changed": False, "manifests": manifests, "warnings": warnings}


def _read(options: dict[str, Any]) -> ManifestSet:
    """The manifests of both sources; raises InvalidInput also when there is none."""
    documents, faults = read_files(options["files"])
    inline = [Document("docr_manifests", number, value) for number, value in enumerate(options["manifests"], 1)]
    faults += variable_faults(options["garbage_collection"])
    access, wrong = access_variables(options["doks_integration"] or {})
    read = read_manifests(
        [*documents, *inline],
        skip_other_kinds=options["skip_other_kinds"],
        faults=faults + wrong,
        # What cannot be read can be compared with nothing.
        access=None if options["doks_integration"] is None or wrong else access,
    )
    if not read.manifests:
        count = len(documents) + len(inline)
        what = f"of {count} documents none is a {KIND}" if count else "neither it nor docr_manifests gives a manifest"
        advice = "name files, folders or globs that hold one, or give manifests inline"
        raise InvalidInput((FieldError("docr_manifest_files", what, advice),))
    return read
