#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_variables
short_description: Read and check the variables of the role docr
version_added: 1.0.0
description:
  - Reads all variables that begin with C(docr_), in every form in which Ansible and AWX hand them over. Returns typed
    values. The role P(planton.digitalocean.docr#role) runs this module before everything else.
  - A variable may be typed YAML, text (C(-e name=value), INI inventories, AWX surveys), JSON text, or text with the tag
    C(!unsafe), which ansible-core 2.19 and newer read as YAML. A list may be text with commas or one item on each line.
  - A blank text and null count as not given.
  - Refuses a value whose text is lost, such as C(007), which arrives as the number 7. All errors are reported at once.
  - Warns about an unknown variable whose name is close to a known name.
author:
  - Planton (@plantonhq)
options:
  required:
    description: The names of variables that must be given.
    type: list
    elements: str
    default: []
  stages:
    description:
      - The stages of the role that the entry point has. A stage is run where C(--tags) and C(--skip-tags) select the
        stage and its variable C(docr_<stage>_enabled) is true.
    type: list
    elements: str
    choices: [registry, gc, doks_integration]
    default: []
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Only reads.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - Only reads.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details:
      - Only reads.
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
    details:
      - Runs on the controller, where the variables are known.
seealso:
  - module: planton.digitalocean.docr_manifests
"""

EXAMPLES = r"""
- name: Read the variables, and refuse a run without a team
  planton.digitalocean.docr_variables:
    required: [docr_team]
  register: read

- name: Show the windows that the role uses
  ansible.builtin.debug:
    var: read.variables.docr_gc_maintenance_windows
"""

RETURN = r"""
runs_here:
  description:
    - Whether this host works for this inclusion of the role. False where the tags of the command line do not select the
      role, and on other hosts with the strategy C(free) or with C(serial). The other values are then not returned.
  returned: success
  type: bool
  sample: true
runs_once:
  description: Whether the strategy of the play obeys C(run_once). The strategy C(free) does not.
  returned: success
  type: bool
  sample: true
outputs:
  description: The outputs of the host that works, where RV(runs_here) is false and the host has outputs.
  returned: success, where RV(runs_here) is false
  type: dict
  sample: {shop-prod: {region: fra1}}
stages:
  description: The stages to run.
  returned: success
  type: list
  elements: str
  sample: [registry, gc]
switched_off:
  description: The stages of the entry point that a variable such as C(docr_gc_enabled) switches off.
  returned: success
  type: list
  elements: str
  sample: [doks_integration]
variables:
  description: The typed value of each variable, without secrets. A variable without a value has its default or null.
  returned: success
  type: dict
  sample: {docr_gc_enabled: false, docr_doks_clusters: [shop-prod]}
connection:
  description: The options of the connection that variables give, without the token.
  returned: success
  type: dict
  sample: {team: acme}
has_token:
  description: Whether the variable C(docr_token) is given.
  returned: success
  type: bool
  sample: false
garbage_collection:
  description: The values of the variables C(docr_gc_*) that a manifest can override, by the names of options.
  returned: success
  type: dict
  sample: {overrun: cancel}
doks_integration:
  description: The values of the variables C(docr_doks_*) that a manifest can override, by the names of options.
  returned: success
  type: dict
  sample: {method: direct}
field_errors:
  description: All errors at once.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of the error, for programs.
      type: str
      choices: [required, invalid, unsupported, duplicate, forbidden]
      sample: invalid
    where:
      description: The name of the variable.
      type: str
      sample: docr_gc_enabled
    what:
      description: What is wrong.
      type: str
      sample: "'maybe' is not a boolean"
    advice:
      description: What to do.
      type: str
      sample: use true or false
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Say where this runs."""
    module = AnsibleModule(
        argument_spec={
            "required": {"type": "list", "elements": "str", "default": []},
            "stages": {
                "type": "list",
                "elements": "str",
                "choices": ["registry", "gc", "doks_integration"],
                "default": [],
            },
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="docr_variables runs on the controller, by its action plugin; call it from a playbook's task.")


if __name__ == "__main__":
    main()
