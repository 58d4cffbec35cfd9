# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options and requirements that all modules share which talk to DigitalOcean."""

    DOCUMENTATION = r"""
options:
  token:
    description:
      - API token of DigitalOcean.
      - If not given, the environment variables E(DIGITALOCEAN_ACCESS_TOKEN), E(DIGITALOCEAN_TOKEN), E(DO_API_TOKEN),
        E(DO_API_KEY), E(DO_OAUTH_TOKEN) and E(OAUTH_TOKEN) are looked at in this order, where the module runs.
    type: str
    aliases: [oauth_token, api_token]
  endpoint:
    description:
      - Address of the API, without C(/v2). Only https is accepted.
      - If not given, the environment variable E(DIGITALOCEAN_API_URL) is used.
    type: str
    default: https://api.digitalocean.com
  registry_host:
    description:
      - The image host, where images are pushed to and pulled from; with C(:PORT) if need be.
      - If not given, the environment variable E(DOCR_REGISTRY_HOST) is used.
    type: str
    default: registry.digitalocean.com
  revoke_url:
    description:
      - Where a token that a module has minted is taken back. Only https is accepted.
      - If not given, the environment variable E(DIGITALOCEAN_OAUTH_REVOKE_URL) is used.
    type: str
    default: https://cloud.digitalocean.com/v1/oauth/revoke
  ca_path:
    description:
      - File with the CA certificates (PEM) to trust instead of the system's.
      - If not given, the environment variables E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) apply.
    type: path
  connect_timeout:
    description: Seconds until a connection must stand.
    type: int
    default: 10
  read_timeout:
    description: Seconds of silence after which a request counts as lost.
    type: int
    default: 30
  rate_limit_wait:
    description:
      - The most seconds to wait in one call when the rate limit is used up (250 requests a minute, 5000 an hour).
      - A wait that would take longer fails at once and says how long it would have been. V(0) never waits.
    type: int
    default: 120
  team:
    description:
      - Name or UUID of the team that the token must belong to. With another team's token nothing is done.
      - Needs the token scope C(account:read) and one call more.
    type: str
requirements:
  - python >= 3.10
  - pydo >= 0.44.0
notes:
  - The API token is all that is needed; it is never written to disk or shown.
  - To try it without an account, start the sandbox of this collection's source and set the variables that it writes.
seealso:
  - name: DigitalOcean API, Container Registries
    description: The API behind this module.
    link: https://docs.digitalocean.com/reference/api/digitalocean/#tag/Container-Registries
"""
