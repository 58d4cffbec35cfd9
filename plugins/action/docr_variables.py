# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as core_version

from ..module_utils._domain.errors import InvalidInput
from ..module_utils._domain.field_errors import FieldError
from ..module_utils._domain.role.variable_names import COMMON_PREFIX
from ..module_utils._domain.role.variable_values import read_variables, usual_spelling
from ..module_utils._domain.role.variables import ADDRESSES, TRUST_ADDRESSES, VARIABLES, address_errors
from ..module_utils._module.spec import CONNECTION_OPTIONS, TOKEN_VARIABLES, value_in_environment
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._core_version import core_fault
from ..plugin_utils._inclusion import STAGE_TAGS, claim, is_selected, outputs_of, runs_once
from ..plugin_utils._variable_texts import TEXTS


class ActionModule(ControllerAction):
    """Reads the variables where the playbook runs, since the variables are known there."""

    arguments: ClassVar[dict[str, dict[str, Any]]] = {
        "required": {"type": "list", "elements": "str", "default": []},
        "stages": {"type": "list", "elements": "str", "default": [], "choices": list(STAGE_TAGS)},
    }

    def read(
        self, options: Mapping[str, Any], variables: Mapping[str, Any], /
    ) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The typed variables, and the stages to run; only `runs_here` where this host does nothing."""
        fault = core_fault(core_version)
        if fault is not None:
            raise AnsibleActionFail(fault)
        stages = [one for one in options["stages"] if is_selected(self._task, variables, STAGE_TAGS[one])]
        if not (stages or (not options["stages"] and is_selected(self._task, variables))):
            return {"runs_here": False, "runs_once": True, "outputs": None}, ()
        is_once = runs_once(self._task)
        # Else Ansible registers the result of each host for all hosts, although each host runs the task.
        self._task.run_once = self._task.run_once and is_once
        host = str(variables["inventory_hostname"])
        working = claim(self._task, host, constants.DEFAULT_LOCAL_TMP)
        if working != host:
            return {"runs_here": False, "runs_once": is_once, "outputs": outputs_of(working, variables)}, ()
        _require_no_stray_text(variables)
        names = [name for name in variables if usual_spelling(name).startswith(COMMON_PREFIX)]
        given = {name: _decrypted(self._templar.template(variables[name])) for name in names}
        _require_equal_values(given, host, variables)
        found = read_variables(given, options["required"], TEXTS)
        if self._uses_token_of_environment(found.variables.values):
            errors = address_errors(found.variables.values, _trusted_addresses())
            if errors:
                raise InvalidInput(errors)
        off = [one for one in stages if not found.variables.values[f"docr_{one}_enabled"]]
        enabled = [one for one in stages if one not in off]
        here = {"runs_here": True, "runs_once": is_once, "stages": enabled, "switched_off": off}
        return {**here, **found.variables.shape()}, found.warnings

    def _uses_token_of_environment(self, values: Mapping[str, object]) -> bool:
        """Whether modules take the token from the environment of ansible-playbook, and that is not allowed everywhere.

        A token of docr_token or of the playbook's module_defaults wins over the environment.
        """
        is_trusted = value_in_environment(TRUST_ADDRESSES).lower() in ("1", "true", "yes")
        if values["docr_token"] is not None or is_trusted:
            return False
        defaults = self._task.module_defaults or ()
        options = [one for each in defaults for one in each.values() if isinstance(one, Mapping)]
        if any(name in one for one in options for name in ("token", *CONNECTION_OPTIONS["token"]["aliases"])):
            return False
        return bool(value_in_environment(*TOKEN_VARIABLES))


def _require_no_stray_text(variables: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a text of --extra-vars that belongs to no variable, such as the second name of a list.

    Ansible cuts `-e "name=a, b"` at the blank, and keeps what no variable gets in `_raw_params`.
    """
    stray = variables.get("_raw_params")
    if isinstance(stray, str) and stray.strip():
        what = f"the text {stray.strip()!r} belongs to no variable, since Ansible cuts a value at a blank"
        advice = "quote a value with blanks, such as -e \"name='a, b'\", or write the extra variables as JSON"
        raise InvalidInput((FieldError("extra variables (-e)", what, advice),))


def _require_equal_values(given: Mapping[str, Any], host: str, variables: Mapping[str, Any]) -> None:
    """Raise InvalidInput where a host of the play has another value than the working host for a variable of the role.

    The role works once for all hosts of a play, so the value of another host would be lost without a word. What wins
    over a host's variables, such as an extra variable, is the same for all hosts.
    """
    others = [one for one in variables.get("ansible_play_hosts_all", ()) if one != host]
    if not others:
        return
    own = _values_of(host, variables)
    compared = [name for name in VARIABLES if name not in given or given[name] == own.get(name)]
    differing: dict[str, str] = {}
    for other in others:
        values = _values_of(other, variables)
        differing |= {name: other for name in compared if values.get(name) != own.get(name)}
    advice = "give all hosts of the play the same value, or run the role in a play with hosts: localhost"
    what = "the host {} of this play has another value than the host {}, whose value alone would count"
    if differing:
        raise InvalidInput(
            tuple(FieldError(name, what.format(other, host), advice) for name, other in sorted(differing.items()))
        )


def _values_of(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the role's variables that a host of the play has."""
    values = variables["hostvars"][host]
    return {name: _decrypted(values[name]) for name in VARIABLES if name in values}


def _trusted_addresses() -> dict[str, frozenset[str]]:
    """The addresses of DigitalOcean and of the environment, without a slash at the end, by variable."""
    trusted = {}
    for name in ADDRESSES:
        option = CONNECTION_OPTIONS[name.removeprefix(COMMON_PREFIX)]
        known = (option["default"], value_in_environment(*option["fallback"][1]))
        trusted[name] = frozenset(one.rstrip("/") for one in known if one)
    return trusted


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
