# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..module_utils._domain.role.variable_values import read_variables
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._variable_texts import TEXTS

PREFIX = "docr_"


class ActionModule(ControllerAction):
    """Reads the variables where the playbook runs, since the variables are known there."""

    arguments: ClassVar[dict[str, dict[str, Any]]] = {
        "required": {"type": "list", "elements": "str", "default": []},
    }

    def read(
        self, options: Mapping[str, Any], variables: Mapping[str, Any], /
    ) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The typed variables."""
        names = [name for name in variables if name.startswith(PREFIX)]
        given = {name: _decrypted(self._templar.template(variables[name])) for name in names}
        found = read_variables(given, options["required"], TEXTS)
        return found.variables.shape(), found.warnings


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
