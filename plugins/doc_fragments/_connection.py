# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options and requirements of all modules that call DigitalOcean."""

    DOCUMENTATION = r"""
options:
  token:
    description:
      - DigitalOcean API token.
      - If O(token) is not set, the environment variables E(DIGITALOCEAN_ACCESS_TOKEN), E(DIGITALOCEAN_TOKEN),
        E(DO_API_TOKEN), E(DO_API_KEY), E(DO_OAUTH_TOKEN) and E(OAUTH_TOKEN) are read in this order, on the host where
        the module runs.
    type: str
    aliases: [oauth_token, api_token]
  endpoint:
    description:
      - The address of the API, without C(/v2). The address must use https.
      - If O(endpoint) is not set, the environment variable E(DIGITALOCEAN_API_URL) is used.
    type: str
    default: https://api.digitalocean.com
  registry_host:
    description:
      - The image host for pushes and pulls, with C(:PORT) if the port is not 443.
      - If O(registry_host) is not set, the environment variable E(DOCR_REGISTRY_HOST) is used.
    type: str
    default: registry.digitalocean.com
  revoke_url:
    description:
      - The address at which a module revokes a token that the module minted. The address must use https.
      - If O(revoke_url) is not set, the environment variable E(DIGITALOCEAN_OAUTH_REVOKE_URL) is used.
    type: str
    default: https://cloud.digitalocean.com/v1/oauth/revoke
  ca_path:
    description:
      - A file with the CA certificates (PEM) to trust instead of the system's certificates.
      - If O(ca_path) is not set, the environment variables E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) apply.
    type: path
  connect_timeout:
    description: The maximum number of seconds to open a connection.
    type: int
    default: 10
  read_timeout:
    description:
      - The maximum number of seconds to wait for data of a response.
      - A whole response may take four times as long.
    type: int
    default: 30
  rate_limit_wait:
    description:
      - The maximum number of seconds that the module waits when the rate limit (250 requests a minute, 5000 an hour) is
        exhausted.
      - If the required wait is longer, the task fails at once and reports the required wait. V(0) never waits.
      - A call that reads is repeated after the wait. A write is never repeated. Instead, the module reads again what
        the write depends on, and decides again. A collection whose window closed during the wait is not started.
      - Requests to an API server of Kubernetes wait for C(Retry-After) within the same number of seconds.
    type: int
    default: 120
  team:
    description:
      - The name or UUID of the team to which the token must belong. With a token of another team the task fails
        and changes nothing.
      - Requires the token scope C(account:read) and one more call.
    type: str
  run_in:
    description:
      - Where the work of the module runs.
      - V(auto) runs the work in the process of Ansible's controller where that is possible, which saves the time to
        copy the module and to start Python. The work runs as a module of its own where the connection is not C(local),
        where the task is asynchronous or becomes another user, where C(ansible_python_interpreter) names another
        Python, where C(environment) sets a variable that Python reads at its start (C(PYTHON...), C(LD_...),
        C(OPENSSL_...)), where Ansible keeps the files of modules, where the controller is not Linux, or where pydo
        cannot be imported in the controller. With C(-vvv), Ansible shows where the work runs and why.
      - V(controller) fails where the work cannot run in the process of the controller, and names the reason.
      - V(module) always runs the work as a module of its own.
      - If O(run_in) is not set, the environment variable E(DOCR_RUN_IN) is used, from C(environment) of the task or
        from the environment of C(ansible-playbook). Without both, V(auto) applies.
      - The module itself does not read the option.
    type: str
    choices: [auto, controller, module]
requirements:
  - python >= 3.10
  - pydo >= 0.20.0, < 1
notes:
  - The module requires no other credential than the API token. The token is never written to disk or shown.
  - To try the module without an account, start the sandbox in this collection's source and set the variables that the
    sandbox writes.
seealso:
  - name: DigitalOcean API, Container Registries
    description: The API behind this module.
    link: https://docs.digitalocean.com/reference/api/digitalocean/#tag/Container-Registries
"""
