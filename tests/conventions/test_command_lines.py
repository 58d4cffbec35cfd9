# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests run each command line of guides, examples and playbooks, or the line is listed with the reason."""

from __future__ import annotations

from support.command_lines import FOLLOWED, NOT_RUN, documents, in_comments, in_markdown, steps


def test_every_document_with_a_command_line_is_followed_by_a_test() -> None:
    assert {name for name in documents() if steps(name)} == set(FOLLOWED)


def test_every_command_line_that_is_not_run_still_exists_and_has_a_reason() -> None:
    assert set(NOT_RUN) - {line for lines in documents().values() for line in lines} == set()
    assert all(NOT_RUN.values())


def test_command_lines_are_found_in_every_form() -> None:
    guide = """
The command `ansible-doc
one` and the word `ansible`.
```shell
two \\
  three   # a comment
```
```text
$ four
an answer
```
```yaml
jobs: {push: {steps: [{run: five}]}}
test: {script: [six]}
```
"""
    assert list(in_markdown(guide)) == ["ansible-doc one", "two   three   # a comment", "four", "five", "six"]
    comments = "# A sentence.\n#   seven\n# The command `kubectl eight`.\nExecStart=nine\nkey: `git ten`\n"
    assert list(in_comments(comments)) == ["seven", "kubectl eight", "nine"]
