# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..module_utils._domain.errors import InvalidInput
from ..module_utils._domain.field_errors import REQUIRED, FieldError
from ..module_utils._domain.manifest.access import access_variables
from ..module_utils._domain.manifest.option_names import name_options, name_options_in
from ..module_utils._domain.manifest.reader import Document, ManifestSet, read_manifests, variable_faults
from ..module_utils._domain.manifest.schema import KIND
from ..module_utils._domain.registry.tiers import HIGHEST, STRICT
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._manifest_files import read_files
from ..plugin_utils._role import is_run_by_role


class ActionModule(ControllerAction):
    """Reads manifests where the playbook runs, since the files are there."""

    arguments: ClassVar[dict[str, dict[str, Any]]] = {
        "files": {"type": "list", "elements": "path", "default": []},
        # Not `dict`: what is no mapping is reported with all other faults, by document and path.
        "manifests": {"type": "list", "elements": "raw", "default": []},
        "skip_other_kinds": {"type": "bool", "default": False},
        "garbage_collection": {"type": "dict", "default": {}},
        "doks_integration": {"type": "dict"},
        "tier_policy": {"type": "str", "choices": [HIGHEST, STRICT], "default": HIGHEST},
        "writes_logins": {"type": "bool", "default": False},
    }

    def read(
        self, options: Mapping[str, Any], _variables: Mapping[str, Any], /
    ) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The manifests. Messages name the variables of the role where the role runs the module."""
        if is_run_by_role(self._task):
            found = _read(options)
            return {"manifests": [one.shape() for one in found.manifests], "notes": list(found.notes)}, found.warnings
        try:
            found = _read(options)
        except InvalidInput as error:
            raise InvalidInput(tuple(name_options_in(one) for one in error.field_errors)) from None
        manifests = [manifest.shape() for manifest in found.manifests]
        named = [{**one, "origin": name_options(one["origin"])} for one in manifests]
        notes = [name_options(one) for one in found.notes]
        return {"manifests": named, "notes": notes}, [name_options(one) for one in found.warnings]


def _read(options: Mapping[str, Any]) -> ManifestSet:
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
        tier_policy=options["tier_policy"],
        writes_logins=options["writes_logins"],
    )
    if not read.manifests:
        count = len(documents) + len(inline)
        what = f"of {count} documents none is a {KIND}" if count else "no manifest is given"
        advice = "name files, folders or globs that hold a manifest, or give manifests inline in docr_manifests"
        raise InvalidInput((FieldError("docr_manifest_files", what, advice, REQUIRED),))
    return read
