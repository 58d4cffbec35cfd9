# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where DigitalOcean's description is known to be wrong or to leave something out.

Each line has its reason. The marks: G what DigitalOcean's own clients (godo, doctl, Terraform provider, pydo) do or
test, W seen in a public issue, D a product page, ? not confirmed, and the sandbox's README says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from docr_sandbox.contract.exchange import Finding, Kind


@dataclass(frozen=True)
class Exemption:
    """Findings of a kind that are not violations. ``operation`` and ``detail`` are shell patterns."""

    kind: Kind
    operation: str
    detail: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the exemption covers ``finding``."""
        return (
            finding.kind is self.kind
            and fnmatchcase(finding.operation, self.operation)
            and fnmatchcase(finding.detail, self.detail)
        )


EXEMPTIONS = (
    # Operations
    Exemption(Kind.OPERATION, "* /v2/registry/auth", "*", "the image host's token endpoint is in no description (W)"),
    Exemption(Kind.OPERATION, "GET /v2/apps/*/deployments*", "*", "a partial description may lack deployments"),
    # Requests
    Exemption(
        Kind.REQUEST_BODY,
        "POST /v2/registries/{registry_name}/garbage-collection",
        "*",
        "the plural garbage collection takes the body that only the old path describes (G: godo, doctl)",
    ),
    Exemption(
        Kind.QUERY,
        "GET /v2/registries/{registry_name}/docker-credentials",
        "expiry_seconds",
        "the description names this query value in its prose only",
    ),
    Exemption(
        Kind.QUERY,
        "GET /v2/registries/{registry_name}/docker-credentials",
        "read_write",
        "the description names this query value in its prose only",
    ),
    # Statuses
    Exemption(Kind.STATUS, "*", "403", "a token that lacks a scope (G: the scopes stand beside each operation)"),
    Exemption(Kind.STATUS, "*", "400", "a request that cannot be read, such as broken JSON (?)"),
    Exemption(Kind.STATUS, "* /v2/regist*", "422", "a value that is not allowed (W: old path; ? elsewhere)"),
    Exemption(Kind.STATUS, "* /v2/kubernetes/*", "422", "a value that is not allowed (?)"),
    Exemption(Kind.STATUS, "POST /v2/registr*", "409", "a name that is taken, or a collection that runs (W, G)"),
    Exemption(Kind.STATUS, "DELETE /v2/registr*", "409", "a delete that is refused, such as while read-only (?)"),
    Exemption(Kind.STATUS, "POST /v2/registr*", "412", "a tier that is too small (the old subscription path has it)"),
    Exemption(Kind.STATUS, "* /v2/registry*", "412", "the old paths with several registries (W: all but two lack it)"),
    Exemption(Kind.STATUS, "* /v2/kubernetes/registry", "412", "the old integration with several registries (?)"),
    Exemption(Kind.STATUS, "* /v2/kubernetes/registr*", "404", "an unknown cluster or registry (?)"),
    Exemption(Kind.STATUS, "* /v2/registr*", "404", "what is not there: no registry yet, or none of that name (G)"),
    Exemption(Kind.STATUS, "* /v2/kubernetes/registr*", "409", "a switch: what is repeated may be refused (?)"),
    Exemption(Kind.STATUS, "DELETE /v2/kubernetes/registries", "405", "a switch: the plural removal may not work (W)"),
    Exemption(Kind.STATUS, "* /v2/apps*", "404", "the sandbox only reads apps and deployments"),
    Exemption(Kind.STATUS, "* /v2/apps*", "405", "the sandbox only reads apps and deployments"),
    Exemption(Kind.STATUS, "POST /v2/kubernetes/clusters", "405", "the sandbox has no cluster writes"),
    Exemption(Kind.STATUS, "* /v2/kubernetes/clusters/{cluster_id}", "405", "the sandbox has no cluster writes"),
    # Answers
    Exemption(Kind.EXTRA_KEY, "GET */docker-credentials", "auths.*", "the sandbox's image host has another name"),
    Exemption(Kind.MISSING_KEY, "GET */docker-credentials", "auths.*", "the sandbox's image host has another name"),
    Exemption(
        Kind.RESPONSE,
        "* /v2/regist*/garbage-collection*",
        "garbage_collection*.status: 'waiting for delete requests' *",
        "a status seen in the wild that the list of statuses lacks (W)",
    ),
    Exemption(
        Kind.RESPONSE,
        "GET /v2/regist*/garbage-collection",
        "garbage_collection: None *",
        "a switch: where none is active the answer may hold null (?)",
    ),
    Exemption(
        Kind.MISSING_KEY,
        "* /v2/regist*/garbage-collection*",
        "garbage_collection",
        "a switch: where there is nothing to show the answer may be empty (G: doctl guards against it)",
    ),
    Exemption(
        Kind.RESPONSE,
        "GET /v2/regist*/options",
        "*eligibility_reasons.*: 'OverRegistryLimit' *",
        "the description's own example of a 412 shows this reason; its list lacks it",
    ),
    Exemption(Kind.RESPONSE, "GET /v2/registries", "registries: None *", "a switch: null for none (?)"),
    Exemption(Kind.MISSING_KEY, "GET /v2/registries", "registries", "a switch: nothing for none (?)"),
    Exemption(Kind.EXTRA_KEY, "*/garbage-collection*", "garbage_collection*.type", "godo's struct has it (G)"),
    Exemption(Kind.EXTRA_KEY, "GET */garbage-collections", "links", "godo reads links of this list (G)"),
    Exemption(Kind.EXTRA_KEY, "GET */garbage-collections", "meta", "the description's example has it; its schema not"),
    Exemption(Kind.EXTRA_KEY, "* /v2/regist*", "regist*.read_only", "godo's tests say that the service sends it (G)"),
    Exemption(Kind.EXTRA_KEY, "* /v2/regist*", "regist*.type", "godo's tests say that the service sends it (G)"),
    Exemption(Kind.EXTRA_KEY, "* /v2/registries*", "subscription", "godo's test of the create shows it (G)"),
    Exemption(Kind.EXTRA_KEY, "* /v2/registries*", "registry.subscription", "a switch: plural answers may hold it (?)"),
    Exemption(Kind.EXTRA_KEY, "GET /v2/registries", "total_storage_usage_bytes", "godo's struct has it (G)"),
    Exemption(Kind.MISSING_KEY, "GET /v2/registries", "registries.*.subscription", "live answers may lack it (?)"),
    Exemption(Kind.MISSING_KEY, "GET *", "links*", "absent when one page suffices (G)"),
    Exemption(Kind.MISSING_KEY, "GET */options", "*.eligibility_reasons", "only of a tier that is not eligible (G)"),
    Exemption(Kind.MISSING_KEY, "GET */options", "*.storage_overage_price_in_cents", "not in the example either"),
    Exemption(Kind.MISSING_KEY, "* */subscription", "*.storage_overage_price_in_cents", "no overage on this tier"),
    Exemption(Kind.MISSING_KEY, "GET */repositoriesV2", "*.latest_manifest", "a repository without any (G: doctl)"),
    Exemption(Kind.MISSING_KEY, "GET */repositories", "*.latest_tag", "a repository without tags (G)"),
    Exemption(Kind.MISSING_KEY, "GET */digests", "manifests.*.tags", "absent of an untagged manifest (G)"),
    Exemption(Kind.MISSING_KEY, "GET /v2/account", "account.team", "only in a team's context"),
    Exemption(Kind.MISSING_KEY, "GET */credentials", "client_*_data", "deprecated: of old clusters only"),
    *(
        Exemption(Kind.MISSING_KEY, "GET /v2/apps*", f"*{name}", "app fields that have nothing to do with images")
        for name in (
            "spec.*",
            "region.*",
            ".domains",
            ".dedicated_ips",
            ".project_id",
            ".vpc",
            ".last_deployment_created_at",
            ".cloned_from",
            ".functions",
            ".progress",
            ".static_sites",
            ".services",
            ".workers",
            ".jobs",
            ".source_commit_hash",
        )
    ),
    *(
        Exemption(Kind.MISSING_KEY, "GET /v2/apps*", f"app*.{role}_deployment", "only where an app has one (G)")
        for role in ("active", "in_progress", "pending", "pinned")
    ),
    *(
        Exemption(
            Kind.MISSING_KEY,
            "GET /v2/kubernetes/clusters*",
            f"kubernetes_cluster*{name}",
            "cluster fields that have nothing to do with registries",
        )
        for name in (
            ".*_plugin",
            ".cluster_autoscaler_configuration",
            ".control_plane_firewall",
            ".coredns_autoscaler",
            ".routing_agent",
            ".isolated_workers",
            ".worker_subnet_uuid",
            ".sso",
            ".sso.*",
            ".maintenance_policy.*",
            ".node_pools.*",
            ".status.message",
        )
    ),
)


# A list of clusters brings the same findings over and over.
@lru_cache(maxsize=1000)
def exemption_for(finding: Finding) -> Exemption | None:
    """The first exemption that covers ``finding``."""
    return next((exemption for exemption in EXEMPTIONS if exemption.covers(finding)), None)
