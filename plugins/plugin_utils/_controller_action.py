# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins that read where the playbook runs, and need no module there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ..module_utils._domain.errors import InvalidInput
from ..module_utils._module.failure import failure
from ._role import skip_of_role


class ControllerAction(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """An action that reads and checks. `arguments` is the argument spec of its options."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_async = False

    arguments: ClassVar[dict[str, dict[str, Any]]]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read, check, and return what was read."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        skip = skip_of_role(self, task_vars or {})
        if skip is not None:
            return {**result, **skip}
        options = self.validate_argument_spec(argument_spec=self.arguments)[1]
        try:
            read, warnings = self.read(options, task_vars or {})
        except InvalidInput as error:
            return {**result, **failure(error, []), "failed": True, "warnings": list(error.warnings)}
        return {**result, "changed": False, **read, "warnings": [*result.get("warnings", ()), *warnings]}

    @abstractmethod
    def read(
        self, options: Mapping[str, Any], variables: Mapping[str, Any], /
    ) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The result without what all results have, and warnings; raises InvalidInput with every error."""
