# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are read, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import read_manifests
from ansible_collections.planton.digitalocean.plugins.plugin_utils._manifest_files import read_files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def read(*paths: str) -> list[tuple[str, int, object]]:
    documents, faults = read_files(paths)
    assert faults == ()
    return [(one.file, one.number, one.value) for one in documents]


def faults(*paths: str) -> list[str]:
    return [str(fault) for fault in read_files(paths)[1]]


def test_documents_are_numbered_from_one_with_the_empty_ones_counted(folder: Path) -> None:
    write(folder, one_yaml="---\n---\na: 7\n---\n- b\n---\n")
    assert read("one.yaml") == [
        ("one.yaml", 1, None),
        ("one.yaml", 2, {"a": 7}),
        ("one.yaml", 3, ["b"]),
        ("one.yaml", 4, None),
    ]


def test_a_folder_gives_its_yaml_by_name_and_nothing_below_it(folder: Path) -> None:
    write(folder / "many", c_yaml="c: 1", a_yml="a: 1", b_yaml="b: 1", d_json="{}", e_txt="e: 1", _hidden_yaml="h: 1")
    (folder / "many" / "x.yaml").mkdir()
    write(folder / "many" / "below", f_yaml="f: 1")
    assert [one[0] for one in read("many/")] == ["many/a.yml", "many/b.yaml", "many/c.yaml"]


def test_a_glob_gives_files_by_name_and_a_file_comes_once(folder: Path) -> None:
    write(folder / "x", b_yaml="b: 1")
    write(folder / "y", a_yaml="a: 1")
    (folder / "z.yaml").symlink_to(folder / "y" / "a.yaml")
    assert [one[0] for one in read("y/a.yaml", "*/*.yaml", "x", "z.yaml")] == ["y/a.yaml", "x/b.yaml"]
    assert [one[0] for one in read("**/*.yaml")] == ["x/b.yaml", "y/a.yaml"]


def test_pattern_of_all_folders_below_visits_each_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for place in (tmp_path, tmp_path / "a", deep, tmp_path / ".hidden"):
        (place / "one.yaml").write_text("kind: A", encoding="utf-8")
    for number in range(12):
        (deep / f"loop-{number}").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    expected = {"one.yaml", "a/one.yaml", "a/b/c/one.yaml"}
    for pattern, prefix in (("**/*.yaml", ""), (f"{tmp_path}/**/*.yaml", f"{tmp_path}/"), ("**/one.yaml", "")):
        documents, faults = read_files([pattern])
        assert (faults, {one.file for one in documents}) == ((), {prefix + one for one in expected}), pattern
    assert [one.file for one in read_files(["a/**/c/*.yaml"])[0]] == ["a/b/c/one.yaml"]


def test_pattern_of_too_many_folders_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.planton.digitalocean.plugins.plugin_utils._manifest_files.MOST_FOLDERS", 5)
    for number in range(6):
        (tmp_path / f"folder-{number}").mkdir()
    documents, (fault,) = read_files([f"{tmp_path}/**/*.yaml"])
    assert documents == ()
    assert "the pattern visits more than 5 folders; name a folder that is nearer to the manifests" in str(fault)


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder: Path) -> None:
    (folder / "a[1].yaml").write_text("a: 1")
    assert [one[0] for one in read("a[1].yaml")] == ["a[1].yaml"]


def test_a_byte_order_mark_is_no_text(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\n")
    assert read("a.yaml") == [("a.yaml", 1, {"a": "é"})]


def test_a_merge_repeats_no_key(folder: Path) -> None:
    write(folder, a_yaml="base: &base {k: 1}\nx: {y: &y {<<: *base, k: 2}}\nz: {<<: *y, k: 3}\n")
    assert read("a.yaml")[0][2] == {"base": {"k": 1}, "x": {"y": {"k": 2}}, "z": {"k": 3}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "m.yaml: the file has no document; "),
        ("# nothing\n---\n", "m.yaml: the file has no document; "),
        ("a: [\n", "m.yaml line 2, column 1: the text is not valid YAML: expected the node content"),
        ("a: b: c\n", "m.yaml line 1, column 5: the text is not valid YAML: mapping values are not allowed"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "m.yaml line 4, column 3: the key 'c' is given twice; keep one key"),
        ("a: 2026-13-45\n", "m.yaml line 1, column 4: the text is not valid YAML: month must be in 1..12"),
        ("a: !vault x\n", "m.yaml line 1, column 4: the text is not valid YAML: this format has no value with"),
        ("? [a]\n: 1\n", "m.yaml line 1, column 3: the text is not valid YAML: a list or a map is the key of a map"),
        (
            "a:\n  b: {{ .Values.b }}\n",
            "m.yaml line 2, column 7: the text is not valid YAML: the line holds a template",
        ),
        ("a: *b\n", "m.yaml line 1, column 4: the text is not valid YAML: found undefined alias 'b'"),
        ("a: 1\nb: \x07\n", "m.yaml line 2, column 4: a character that YAML does not allow (special characters"),
        ("a: " + "[" * 9000, "m.yaml: lists or mappings are nested too deeply; "),
    ],
)
def test_invalid_yaml_is_an_error_in_one_sentence_with_its_place(folder: Path, text: str, fault: str) -> None:
    write(folder, m_yaml=text)
    (found,) = faults("m.yaml")
    assert found.startswith(fault)
    assert "\n" not in found


def test_all_that_cannot_be_read_comes_at_once_and_the_rest_is_read(folder: Path) -> None:
    write(folder, good_yaml="a: 1\n---\nb: 1\n", half_yaml="c: 1\n---\n]")
    (folder / "latin.yaml").write_bytes(b"a: \xe9\n")
    (folder / "dangling.yaml").symlink_to(folder / "gone")
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    paths = (
        "gone.yaml",
        "no*.yaml",
        "empty",
        " ",
        "latin.yaml",
        "dangling.yaml",
        "pipe.yaml",
        "good.yaml",
        "half.yaml",
    )
    documents, found = read_files(paths)
    assert [(one.file, one.number) for one in documents] == [("good.yaml", 1), ("good.yaml", 2), ("half.yaml", 1)]
    assert [str(fault).partition("; correct the text")[0] for fault in found] == [
        f"gone.yaml: the file or folder does not exist; the working directory is {folder}",
        f"no*.yaml: no file matches; the working directory is {folder}",
        "empty: the folder has no *.yaml or *.yml file; folders below it are not read",
        "docr_manifest_files: a path is empty; name a file, a folder or a glob",
        "latin.yaml: byte 4 is not UTF-8; save the file as UTF-8",
        "dangling.yaml: the path is not a regular file; name a regular file",
        "pipe.yaml: the path is not a regular file; name a regular file",
        "half.yaml line 3, column 1: the text is not valid YAML: expected the node content, but found ']'",
    ]


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that nobody can read, root included")
def test_a_file_that_cannot_be_read_says_why() -> None:
    assert faults("/proc/self/mem") == [
        "/proc/self/mem: the file cannot be read (Input/output error); check its permissions"
    ]


@pytest.mark.parametrize("path", ["a\0b.yaml", "\udcff.yaml", "\ud800*", "x" * 5000, "[", "a\0*"])
def test_an_impossible_path_is_an_error(path: str) -> None:
    (fault,) = faults(path)
    assert "does not exist" in fault or "no file matches" in fault


def test_advice_shows_the_text_of_the_file(folder: Path) -> None:
    text = """\
apiVersion: digital-ocean.planton.dev/v1
kind: DigitalOceanContainerRegistry
metadata: {name: 1_0, labels: {version: 1.50, flag: on}, tags: [0x1f]}
spec:
  <<: {region: on}
  name: {value: 0123}
  subscription_tier: basic
  garbage_collection:
    maintenance_windows:
      - {days: [friday], start: 22:30, duration: 4h}
      - {days: [friday], start: 7:30, duration: 4h}
"""
    write(folder, m_yaml=text)
    documents, _faults = read_files(["m.yaml"])
    with pytest.raises(InvalidInput) as caught:
        read_manifests(documents)
    windows = "spec.garbage_collection.maintenance_windows"
    assert [str(one).removeprefix("m.yaml document 1, ") for one in caught.value.field_errors] == [
        'metadata.name: YAML reads 1_0 as a number; quote it: "1_0"',
        'metadata.labels.version: YAML reads 1.50 as a number; quote it: "1.50"',
        'metadata.labels.flag: YAML reads on as the boolean true; quote it: "on"',
        'metadata.tags[0]: YAML reads 0x1f as a number; quote it: "0x1f"',
        'spec.name.value: YAML reads 0123 as a number; quote it: "0123"',
        "spec.region: YAML reads on as the boolean true; write a region such as nyc3 or fra1",
        f'{windows}[0].start: YAML reads 22:30 as a number; quote it: "22:30"',
        f'{windows}[1].start: YAML reads 7:30 as a number; quote it: "07:30"',
    ]


def test_json_that_is_indented_with_tabs_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('{\n\t"kind":\t"List",\n\t"items": ["a\\tb"]\n}\n', encoding="utf-8")
    documents, faults = read_files([str(tmp_path / "a.yaml")])
    assert ([one.value for one in documents], faults) == ([{"kind": "List", "items": ["a\tb"]}], ())


def test_a_number_with_too_many_digits_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"a: {'9' * 5000}\n", encoding="utf-8")
    (fault,) = read_files([str(tmp_path / "a.yaml")])[1]
    assert fault.what == "the text is not valid YAML: the number has too many digits"
