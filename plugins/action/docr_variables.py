# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._domain.errors import InvalidInput
from ..module_utils._domain.role.variable_values import read_variables
from ..module_utils._module.failure import failure
from ..plugin_utils._variable_texts import TEXTS

ARGUMENTS: dict[str, dict[str, Any]] = {"required": {"type": "list", "elements": "str", "default": []}}
PREFIX = "docr_"


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """Reads the variables where the playbook runs, since the variables are known there."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read, check, and return the variables."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        names = [name for name in task_vars or {} if name.startswith(PREFIX)]
        given = {name: _decrypted(self._templar.template((task_vars or {})[name])) for name in names}
        try:
            read = read_variables(given, options["required"], TEXTS)
        except InvalidInput as error:
            return {**result, **failure(error, []), "failed": True}
        warnings = [*result.get("warnings", ()), *read.warnings]
        return {**result, "changed": False, **read.variables.shape(), "warnings": warnings}


def _decrypted(value: Any) -> Any:
    """A value without Ansible's own types: a value of `!vault` is no text on ansible-core 2.18. None for `omit`."""
    if isinstance(value, Mapping):
        return {_decrypted(key): _decrypted(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_decrypted(one) for one in value]
    if type(value).__name__ == "OmitType" or (isinstance(value, str) and value.startswith("__omit_place_holder__")):
        return None
    if isinstance(value, str) or type(value).__name__ in ("AnsibleVaultEncryptedUnicode", "EncryptedString"):
        return str(value)
    return value
