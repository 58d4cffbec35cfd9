#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_doks_integration_info
short_description: Say which Kubernetes clusters pull from which registries of DigitalOcean, and why pods do not
version_added: 1.0.0
description:
  - Lists Kubernetes clusters (DOKS) with the container registries that they are integrated with.
  - With O(diagnose) it looks into them and answers why a pod does not pull. It finds service accounts without an
    entry for a registry; pull secrets that are missing, expired, revoked, of another registry, malformed or edited by
    hand, that may push or never expire, or that several tools made for the same purpose; pods that wait for an image,
    and pods that were made before their pull secret, each with its cause and what to do about it.
  - Reads only. To look into a cluster of DigitalOcean's a token for it must be minted, which lives for 15 minutes;
    that is all that is not a read.
author:
  - Planton (@plantonhq)
options:
  clusters:
    description:
      - Clusters by name or id, as in M(planton.digitalocean.docr_doks_integration). All of the team if not given.
      - An unknown name, and one that several clusters have, are errors.
      - Exclusive with O(kubeconfig).
    type: list
    elements: str
  diagnose:
    description:
      - Look into the clusters.
      - In check mode no cluster of O(clusters) is entered, as that mints a token; a warning says so. Those of
        O(kubeconfig) are looked into all the same.
    type: bool
    default: false
  kubeconfig:
    description:
      - A kubeconfig file on the host where the module runs. Its clusters are looked into in the place of
        DigitalOcean's; any Kubernetes will do. Needs O(diagnose).
    type: path
  contexts:
    description: Contexts of O(kubeconfig). Its current one if not given.
    type: list
    elements: str
  registries:
    description:
      - Registries that pods are to pull from. Each service account that O(namespaces) and
        O(service_accounts) choose must then have an entry for each registry.
      - If not given, those of the team's registries with which a cluster has to do, since it is integrated with one,
        has a secret for it or a pod with an image of it.
    type: list
    elements: str
  namespaces:
    description: Namespaces to look at, by names and globs.
    type: list
    elements: str
    default: ["*"]
  exclude_namespaces:
    description: Namespaces to leave out, by names and globs.
    type: list
    elements: str
    default: []
  namespace_selector:
    description: A label selector that namespaces must fit too, such as C(team=shop,stage!=test).
    type: str
  service_accounts:
    description:
      - Service accounts that are to have an entry, by names and globs. Those that pods use are looked at for their
        pods' sake too.
    type: list
    elements: str
    default: [default]
requirements:
  - kubernetes >= 37.0.2 (Python), with O(diagnose)
notes:
  - "Token scopes: C(kubernetes:read). With O(diagnose) C(registry:read) too, and C(kubernetes:access_cluster) for
    O(clusters)."
  - Costs one call for each 200 clusters of the team. With O(diagnose) one more for the registries, and for each
    cluster one call to enter it, four lists in pages, and some requests to the image host for each token
    that secrets hold, however many secrets hold it.
  - Its role in a cluster is wider than that of M(planton.digitalocean.docr_doks_integration). It lists namespaces,
    service accounts, secrets and pods in the whole cluster; pull secrets of any name are looked at, and Kubernetes can
    grant that only together with all secrets. The examples have the role that is enough for a O(kubeconfig).
  - What a token may do is what the image host says when it is asked with that token. For one that this collection did
    not mint, that includes whether it may push. Nothing is pushed and no upload is begun, but a token to push is
    bought, and a garbage collection that starts within the next minutes waits for its end. While a registry is
    read-only no token may push to the registry, so tokens with write permission are not found then.
  - When a token expires is known of those that this collection minted. DigitalOcean does not tell it of others.
  - No token is shown. Fingerprints identify tokens, as in the annotations of secrets.
  - Up to 8 clusters are looked into side by side. One that cannot be looked into does not stop the others; the task
    fails at the end, names it, and RV(ignore:last) has all that was found.
seealso:
  - module: planton.digitalocean.docr_doks_integration
  - name: Why does this pod not pull?
    description: Symptoms, causes, and what to do.
    link: https://github.com/plantonhq/planton.digitalocean/blob/main/docs/doctor.md
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: Who pulls from what
  planton.digitalocean.docr_doks_integration_info:
  register: access

- name: Clusters that pull from one registry
  ansible.builtin.debug:
    msg: "{{ known | selectattr('registries', 'contains', 'acme-base') | map(attribute='name') }}"
  vars:
    known: "{{ access.clusters | selectattr('registries') }}"

- name: Why do pods of the shop not pull?
  planton.digitalocean.docr_doks_integration_info:
    clusters:
      - shop-prod
    diagnose: true
    namespaces: ["shop-*"]
  register: doctor

- name: All that keeps pods from pulling, and what to do about it
  ansible.builtin.debug:
    msg: "{{ wrong | map(attribute='message') | zip(wrong | map(attribute='advice')) | map('join', ' ') }}"
  vars:
    found: "{{ doctor.clusters[0].diagnosis }}"
    wrong: "{{ found.pods + found.findings | selectattr('severity', 'eq', 'error') }}"

- name: Any Kubernetes by its kubeconfig, and whether each namespace can pull from one registry
  planton.digitalocean.docr_doks_integration_info:
    kubeconfig: ~/.kube/config
    contexts: [edge-1, edge-2]
    diagnose: true
    registries: [acme-shop-eu]
    exclude_namespaces: ["kube-*"]
    service_accounts: [default, builder]

- name: The role that it needs where a kubeconfig is given, to be bound to its user or service account
  kubernetes.core.k8s:
    definition:
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: docr-doctor
      rules:
        - apiGroups: [""]
          resources: [namespaces]
          verbs: [list]
        - apiGroups: [""]
          resources: [serviceaccounts]
          verbs: [list]
        - apiGroups: [""]
          resources: [secrets]
          verbs: [list]
        - apiGroups: [""]
          resources: [pods]
          verbs: [list]
"""

RETURN = r"""
clusters:
  description:
    - The clusters that were asked for, in that order, or all of the team.
    - Of a context of a kubeconfig only its name, RV(clusters[].diagnosis) and RV(clusters[].error) are not null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
      sample: 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    name:
      description: Its name; several clusters may have the same.
      type: str
      sample: shop-prod
    region:
      description: Its region.
      type: str
      sample: fra1
    status:
      description: Its state in DigitalOcean's words, such as C(running), C(provisioning) or C(upgrading).
      type: str
      sample: running
    registry_enabled:
      description: Whether it is integrated with any registry.
      type: bool
      sample: true
    registries:
      description: The registries that it is integrated with; null when DigitalOcean does not say.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
    error:
      description: Why it could not be looked into; null where it could, or was not to be.
      type: str
      sample: null
    diagnosis:
      description: What was found in it; null where it was not looked into.
      type: dict
      contains:
        is_healthy:
          description: Whether no finding is an error and no pod waits for an image. Warnings do not count.
          type: bool
          sample: false
        summary:
          description: All in a sentence.
          type: str
          sample: "shop-prod: in 1 of 12 namespaces new pods cannot pull from acme-shop-eu."
        registries:
          description: The registries that were looked for.
          type: list
          elements: str
          sample: [acme-shop-eu]
        counts:
          description:
            - How much was looked at (C(namespaces), C(service_accounts), C(secrets), C(pods)), and how much is wrong
              (C(errors), C(warnings), C(failing_pods), C(stale_pods)); a finding counts once for each namespace.
          type: dict
          sample:
            namespaces: 12
            service_accounts: 12
            secrets: 11
            pods: 31
            errors: 1
            warnings: 0
            failing_pods: 1
            stale_pods: 0
        namespaces:
          description: The namespaces with errors or failing pods, and how many of each.
          type: list
          elements: dict
          sample: [{"name": "shop-eu", "errors": 1, "failing_pods": 1}]
        findings:
          description: What is wrong with service accounts and secrets, errors first.
          type: list
          elements: dict
          contains:
            severity:
              description: C(error) for what keeps new pods from pulling, C(warning) for what may some day.
              type: str
              sample: error
            kind:
              description:
                - What is wrong. C(entry_missing), C(entry_names_nothing), C(malformed), C(edited), C(copies_differ),
                  C(expired), C(expires_soon), C(no_expiry), C(refused), C(other_registry), C(other_host), C(can_push)
                  or C(duplicate); docs/doctor.md says what each means.
              type: str
              sample: entry_missing
            object:
              description: The object in each of the namespaces, by kind and name.
              type: str
              sample: ServiceAccount/default
            registry:
              description: The registry that it is about; null where it is about none or all.
              type: str
              sample: acme-shop-eu
            namespaces:
              description: The namespaces where it is so.
              type: list
              elements: str
              sample: [shop-eu]
            count:
              description: How many they are.
              type: int
              sample: 1
            message:
              description: What is wrong, in a sentence.
              type: str
              sample: Its imagePullSecrets name none for the registry acme-shop-eu.
            advice:
              description: What to do, in a sentence.
              type: str
              sample: Run docr_doks_integration with this registry, cluster, namespace and service account.
        credentials:
          description: The tokens that secrets for these registries hold, up to 100, by their fingerprints.
          type: list
          elements: dict
          contains:
            fingerprint:
              description: The first 16 digits of the token's SHA-256, as in annotations of this collection's secrets.
              type: str
              sample: 5f1c7a0e9b2d4c66
            secrets:
              description: The names of the secrets that hold it.
              type: list
              elements: str
              sample: [docr-direct-acme-shop-eu]
            methods:
              description: Who makes secrets of these names. C(direct), C(operator), C(one_click), C(doctl) or C(other).
              type: list
              elements: str
              sample: [direct]
            namespaces:
              description: In how many namespaces it is.
              type: int
              sample: 11
            is_taken:
              description: Whether the image host takes it; null where that was not found out.
              type: bool
              sample: true
            pulls_from:
              description: The registries that it opens. A token of this collection's is asked only about its own.
              type: list
              elements: str
              sample: [acme-shop-eu]
            pushes_to:
              description: The registries to which it may push. One of this collection's is not asked, as it may not.
              type: list
              elements: str
              sample: []
            minted_at:
              description: When it was minted; null where that is not known.
              type: str
              sample: "2026-03-01T03:10:00Z"
            expires_at:
              description: When it expires; null where it never does or that is not known.
              type: str
              sample: "2026-05-30T03:10:00Z"
            never_expires:
              description: Whether it never expires; null where that is not known.
              type: bool
              sample: false
        pods:
          description:
            - Pods that wait for an image, and pods that were made before their pull secret. Those of one controller
              with the same cause are one entry; there are 200 entries at most.
          type: list
          elements: dict
          contains:
            namespace:
              description: Their namespace.
              type: str
              sample: shop-eu
            pods:
              description: Their names, ten at most.
              type: list
              elements: str
              sample: [web-7d4b9-x2x8p]
            count:
              description: How many they are.
              type: int
              sample: 1
            controller:
              description: Who makes them again when they are deleted; null where there is no controller.
              type: str
              sample: ReplicaSet/web-7d4b9
            service_account:
              description: Their service account.
              type: str
              sample: default
            image:
              description: The image.
              type: str
              sample: registry.digitalocean.com/acme-shop-eu/web:v7
            is_failing:
              description: Whether they wait for it now. Others would not get it the next time that it is pulled.
              type: bool
              sample: true
            reason:
              description: Why they wait, in the kubelet's word; null where they do not.
              type: str
              sample: ImagePullBackOff
            kubelet:
              description: The kubelet's message, up to 300 characters.
              type: str
              sample: 'Back-off pulling image "registry.digitalocean.com/acme-shop-eu/web:v7"'
            cause:
              description:
                - Why. C(made_before_secret), C(own_pull_secrets), C(no_pull_secret), C(secret_missing),
                  C(secret_expired), C(secret_refused), C(secret_of_other_registry), C(secret_malformed),
                  C(image_missing), C(image_name_invalid), C(host_missing), C(registry_unknown), C(works_from_here) or
                  C(not_known); docs/doctor.md says what each means.
              type: str
              sample: made_before_secret
            message:
              description: The cause in a sentence.
              type: str
              sample: It was made before its service account default got the pull secret docr-direct-acme-shop-eu.
            advice:
              description: What to do, in a sentence.
              type: str
              sample: Delete the pod and let it be made again.
        notes:
          description: What could not be found out, such as what tokens open where the image host does not answer.
          type: list
          elements: str
          sample: []
"""

from ..module_utils._module.tasks.doctor import run_cluster_info


def main() -> None:
    """Run the module."""
    run_cluster_info()


if __name__ == "__main__":
    main()
