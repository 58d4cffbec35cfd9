# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid manifests: each error is a sentence, all errors are reported at once, and no call is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError
from support.modules import writes
from support.plays import play

SITE = "playbooks/site.yml"
HEAD = "apiVersion: digital-ocean.planton.dev/v1\nkind: DigitalOceanContainerRegistry\n"

MANY_FAULTS = f"""\
{HEAD}metadata: {{name: first}}
spec:
  name: Orchard_Images
  subscription_tier: PLATINUM
  region: blr1
  garbage_collection_enabled: "on"
  subscription_teir: STARTER
---
apiVersion: digitalocean.project-planton.org/v3
kind: DigitalOceanContainerRegistry
spec: {{name: orchard-two, subscription_tier: STARTER, subscriptionTier: PROFESSIONAL}}
---
apiVersion: v1
kind: Secret
metadata: {{name: third}}
---
{HEAD}metadata: {{name: fourth}}
spec: {{name: {"q" * 64}, subscription_tier: STARTER, region: tor1}}
"""
UNQUOTED = f"""\
{HEAD}metadata: {{name: 2031-05-08}}
spec: {{name: 4711, subscription_tier: STARTER, region: on}}
"""
UNQUOTED_TIMES = f"""\
{HEAD}metadata: {{name: night}}
spec:
  name: lime
  subscription_tier: STARTER
  region: syd1
  garbageCollection:
    maintenanceWindows:
      - {{days: [sunday], start: 22:30, duration: 4h, timeZone: Europe/Amsterdm}}
    blackoutDates: [2031-12-24, 2031-12-24 10:00:00]
    max_aeg: 192h
"""
DIFFERING = f"""\
{HEAD}metadata: {{name: here}}
spec: {{name: kiwi, subscription_tier: STARTER, region: syd1}}
---
{HEAD}metadata: {{name: there}}
spec: {{name: kiwi, subscription_tier: STARTER, region: blr1}}
"""
FILES = {
    "a-many.yaml": MANY_FAULTS,
    "b-cut-off.yaml": f"{HEAD}metadata: {{name: broken\nspec: [\n",
    "c-empty.yaml": "# nothing yet\n",
    "d-list.yaml": "- kiwi\n- plum\n",
    "e-unquoted.yaml": UNQUOTED,
    "f-differing.yml": DIFFERING,
    "g-tabs.yaml": "apiVersion:\n\tx: y\n",
    "i-times.yaml": UNQUOTED_TIMES,
    "h-twice.yaml": f"{HEAD}metadata: {{name: twice}}\nspec: {{name: fig, name: pear}}\n",
}

NIGHT = "i-times.yaml document 1 (night), spec.garbageCollection"
EXPECTED = [
    "a-many.yaml document 1 (first), spec.name: 'Orchard_Images' is not a registry name",
    "a-many.yaml document 1 (first), spec.subscription_tier: 'PLATINUM' is not known; use starter, basic or",
    "a-many.yaml document 1 (first), spec.garbage_collection_enabled: 'on' is text; write true or false",
    "a-many.yaml document 1 (first), spec.subscription_teir: this field is not known; did you mean subscription_tier",
    "a-many.yaml document 2, apiVersion: 'digitalocean.project-planton.org/v3' is not known; write digital-ocean",
    "a-many.yaml document 2, metadata: the field is missing",
    "a-many.yaml document 2, spec.subscription_tier: the field is given twice, as subscription_tier and subscr",
    "a-many.yaml document 3 (third), kind: the kind is 'Secret'",
    "a-many.yaml document 4 (fourth), spec.name: ",
    "b-cut-off.yaml line 4, column 5: the text is not valid YAML",
    "c-empty.yaml: the file has no document",
    "d-list.yaml document 1: the value is a list, not a manifest",
    "e-unquoted.yaml document 1, metadata.name: YAML reads 2031-05-08 as a date; quote it: ",
    "e-unquoted.yaml document 1, spec.name: YAML reads 4711 as a number; quote it",
    "e-unquoted.yaml document 1, spec.region: YAML reads on as the boolean true; write a region",
    "f-differing.yml document 2 (there), spec.name: the registry kiwi has other values in ",
    "g-tabs.yaml line 2, column 1: the text is not valid YAML",
    "h-twice.yaml line 4, column 19: the key 'name' is given twice",
    "h-twice.yaml document 1 (twice), spec.subscription_tier: the field is missing",
    f"{NIGHT}.max_aeg: this field is not known; did you mean max_age",
    f'{NIGHT}.maintenanceWindows[0].start: YAML reads 22:30 as a number; quote it: "22:30"',
    f"{NIGHT}.maintenanceWindows[0].timeZone: there is no time zone 'Europe/Amsterdm'; did you mean Europe/Ams",
    f"{NIGHT}.blackoutDates[1]: YAML reads 2031-12-24 10:00:00 as a date; write 2026-12-24",
    "nowhere.yaml: the file or folder does not exist",
    "none-*.yaml: no file matches",
]


def refusal(sandbox: Sandbox, *paths: str) -> str:
    with pytest.raises(PlaybookFailedError) as refused:
        play(SITE, sandbox, {"docr_manifest_files": list(paths)})
    return str(refused.value)


def test_all_errors_of_all_files_are_reported_at_once_without_a_call(sandbox: Sandbox, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    sandbox.clear_log()
    told = refusal(sandbox, str(tmp_path), f"{tmp_path}/nowhere.yaml", f"{tmp_path}/none-*.yaml")
    assert [sentence for sentence in EXPECTED if f"- {tmp_path}/{sentence}" not in told] == []
    assert f"{len(EXPECTED)} errors" in told
    assert "Traceback" not in told
    assert sandbox.calls() == []


def test_the_region_that_only_the_service_can_refuse_comes_alone_in_the_second_phase(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    text = f"{HEAD}metadata: {{name: res}}\nspec: {{name: kiwi, subscription_tier: STARTER, region: TOR1}}\n"
    (tmp_path / "far.yaml").write_text(text, encoding="utf-8")
    sandbox.clear_log()
    told = refusal(sandbox, str(tmp_path / "far.yaml"))
    assert "no registry can be created in 'tor1'; choose one of " in told
    assert writes(sandbox) == []
