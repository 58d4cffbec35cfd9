# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of ``make test``: what each runs, and how its outcome is read."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import Lock

import ansible_cores
import audit
import locks

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections/planton/digitalocean")
NO_TESTS = 5  # pytest's exit status when no test was collected
# Many tests wait for a clock or a server, so there is a process more than there are cores.
BESIDE = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
PLUGINS = f".venv/typing/{COLLECTION}/plugins"


@dataclass(frozen=True)
class Outcome:
    """What came of a stage: numbers of checks, why some were skipped, and the output to show if one failed."""

    passed: int = 0
    failed: int = 0
    skipped: tuple[str, ...] = ()
    output: str = ""

    def plus(self, other: Outcome) -> Outcome:
        """Both outcomes as one."""
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            (*self.skipped, *other.skipped),
            self.output + other.output,
        )


def with_tools() -> dict[str, str]:
    """This process's environment with ``.venv/bin`` first, where the tools look for each other; and without colours."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


@dataclass
class Workplace:
    """Where the stages run: the checkout, its tools, and a folder for what they write, removed at the end."""

    scratch: Path
    verbose: bool = False
    long: bool = False
    environment: dict[str, str] = field(default_factory=with_tools)
    _copying: Lock = field(default_factory=Lock)

    def run(self, command: Sequence[str], folder: Path = ROOT, **variables: str) -> tuple[int, str]:
        """Run a program of ``.venv/bin`` (or another by its path); return its status and all that it printed."""
        process = subprocess.Popen(
            [shutil.which(command[0], path=self.environment["PATH"]) or command[0], *command[1:]],
            cwd=folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if self.verbose:
                print(f"{command[0]}: {line}", end="", flush=True)
        return process.wait(), "".join(lines)

    @property
    def copy(self) -> Path:
        """A copy of what git lists (uncommitted files included) in a folder that ansible-test and the builder accept.

        ansible-test refuses a symlink, and the checkout's own folder has another name. Stages that run at the same time
        share the copy.
        """
        with self._copying:
            return self._copy

    @cached_property
    def _copy(self) -> Path:
        place = self.scratch / COLLECTION
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in names.split("\0"):
            if name and (ROOT / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place / name)
        return place


Run = Callable[[Workplace], Outcome]


@dataclass(frozen=True)
class Stage:
    """One line of the table below. A stage that is long runs with the long tests only."""

    name: str
    run: Run
    what: str
    is_long: bool = False


def from_status(status: int, output: str) -> Outcome:
    """Count a whole program as one check."""
    return Outcome(passed=1) if status == 0 else Outcome(failed=1, output=output)


def program(*arguments: str) -> Run:
    """Make a stage of one program that says by its exit status whether all is well."""
    return lambda place: from_status(*place.run(arguments))


def pytest(folder: str, *options: str) -> Run:
    """Make a stage of the tests below ``folder``; each test counts, and each skipped one gives its reason.

    The tests with the marker ``long`` run in their short form. Where the workplace asks for the long tests, only these
    tests run, in their long form.
    """

    def run(place: Workplace) -> Outcome:
        if not any((ROOT / folder).rglob("test_*.py")):
            return Outcome(skipped=(f"there are no tests below {folder}",))
        selected = ["-m", "long", "--long"] if place.long else []
        return run_pytest(place, folder.replace("/", "-"), folder, *selected, *options)

    return run


def run_pytest(place: Workplace, name: str, *arguments: str, **variables: str) -> Outcome:
    """Run pytest with environment variables added, and count its tests; `name` is that of the report."""
    report = place.scratch / f"{name}.xml"
    status, output = place.run(["pytest", "-q", f"--junitxml={report}", *arguments], ROOT, **variables)
    return read_junit(report, status, output)


def read_junit(report: Path, status: int, output: str) -> Outcome:
    """Read pytest's own count; a run that broke off before it wrote one, or found nothing, has failed.

    A run in which every module skips itself is skipped, although pytest ends with the status of a run without tests.
    """
    if not report.exists():
        return Outcome(failed=1, output=output)
    passed = failed = 0
    skipped = []
    for case in ET.parse(report).getroot().iter("testcase"):
        reason = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif reason is not None:
            skipped.append(f"{case.get('classname')}.{case.get('name')}: {reason_of(reason)}")
        else:
            passed += 1
    if status != 0 and not failed and not (status == NO_TESTS and skipped):
        failed = 1
    return Outcome(passed, failed, tuple(skipped), output if failed else "")


def reason_of(skipped: ET.Element) -> str:
    """Why a test is skipped. A module that skips itself has the reason in a tuple of path, line and reason."""
    message = skipped.get("message") or ""
    if message != "collection skipped":
        return message
    return str(ast.literal_eval(skipped.text or "('', 0, '')")[2]).removeprefix("Skipped: ")


def types(place: Workplace) -> Outcome:
    """Check types: the plugins as a host's oldest Python sees them, the rest as a developer's oldest."""
    status, output = place.run(["mypy", "--python-version", "3.10", PLUGINS])
    folders = [name for name in ("sandbox/src", "sandbox/tests", "tools", "tests") if any((ROOT / name).rglob("*.py"))]
    other_status, other_output = place.run(["mypy", *folders])
    return from_status(status or other_status, output + other_output)


def clients(place: Workplace) -> Outcome:
    """Build the image clients that are missing and run their tests; where one cannot be built, those tests say why."""
    place.run([sys.executable, str(ROOT / "tools" / "oci_clients.py")])
    return pytest("tests/clients", *BESIDE)(place)


def clusters(place: Workplace) -> Outcome:
    """Build a control plane if there is none and run the tests of clusters; where there can be none, they say why."""
    place.run([sys.executable, str(ROOT / "tools" / "kubernetes_programs.py")])
    return pytest("tests/clusters", *BESIDE)(place)


# What the lowest versions of the documentation are tested with: plays and module runs, on a real control plane too.
LOWEST_TESTS = (
    "tests/integration/test_client.py",
    "tests/integration/test_connection.py",
    "tests/integration/test_docr_gc.py",
    "tests/integration/test_docr_registry.py",
    "tests/integration/test_role_plays.py",
    "tests/clusters/test_role_access.py",
)

# What runs in both ways: in the process of the controller, and as a module. In their long form the tests run both.
WAY_TESTS = (
    "tests/integration/test_interrupted_plays.py",
    "tests/integration/test_runner_jobs.py",
    "tests/integration/test_task_hosts.py",
    "tests/integration/test_task_keywords.py",
    "tests/integration/test_ways_agree.py",
)


def cores(place: Workplace) -> Outcome:
    """Run tests on each other ansible-core and on the lowest versions of all; where versions cannot be had, say why.

    The tests of the two ways run in their long form, and on the version of .venv too.
    """
    variables = ("tests/integration/test_role_variables.py", "tests/integration/test_variable_forms.py")
    names = {f"core-{version}": variables for version in (*ansible_cores.OLDER_CORES, *ansible_cores.PRERELEASES)}
    total = run_pytest(place, "ways", "--long", *WAY_TESTS, *BESIDE)
    for name, tests in {"lowest": LOWEST_TESTS, **names}.items():
        try:
            environment = ansible_cores.environment_of(locks.provide(name))
        except locks.LockUnusableError as error:
            total = total.plus(Outcome(skipped=(str(error),)))
            continue
        for part in (tests, ("--long", *WAY_TESTS)):
            outcome = run_pytest(place, name, *part, *BESIDE, **environment)
            total = total.plus(replace(outcome, output=outcome.output and f"{name}\n{outcome.output}"))
    return total


def vulnerabilities(_place: Workplace) -> Outcome:
    """Audit the locked packages; where the index cannot answer, the audit is skipped with the reason."""
    try:
        found = audit.audit()
    except audit.AuditUnansweredError as error:
        return Outcome(skipped=(f"{audit.UNANSWERED}: {error}",))
    skipped = (f"{audit.UNANSWERED} for {', '.join(found.unknown)}: the index does not know them",)
    return Outcome(
        passed=found.known,
        failed=len(found.complaints),
        skipped=skipped if found.unknown else (),
        output="".join(f"{line}\n" for line in found.complaints),
    )


GET_PIP = """\
# Stands in for the script that ansible-test would download, where only a package index is reachable.
import subprocess
import sys

# In a process of its own: ensurepip makes its process forget pip's settings.
subprocess.check_call([sys.executable, "-m", "ensurepip"])
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments]))
"""


def provide_get_pip() -> None:
    """Put a replacement of ansible-test's bootstrap script where it looks for a cached one, unless there is one."""
    import ansible_test  # noqa: PLC0415 - only this stage needs it

    source = Path(next(iter(ansible_test.__path__))) / "_internal" / "python_requirements.py"
    other = source.with_name("coverage_util.py")
    text = source.read_text(encoding="utf-8") + other.read_text(encoding="utf-8")
    for version in set(re.findall(r"""\bpip['"]?\s*[=:]\s*['"]([0-9.]+)['"]""", text)):
        script = Path.home() / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
        if not script.exists():
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(GET_PIP, encoding="utf-8")


def home_with_pip_settings(place: Workplace) -> Path:
    """Make a home folder that holds PIP_* variables as a file: ansible-test hides the variables from its pip."""
    real, home = Path.home(), place.scratch / "home"
    (home / ".config" / "pip").mkdir(parents=True, exist_ok=True)
    (home / ".pip").mkdir(exist_ok=True)
    (home / ".ansible").symlink_to(real / ".ansible")
    for own in (real / ".pip" / "pip.conf", real / ".config" / "pip" / "pip.conf"):
        if own.exists():
            shutil.copy2(own, home / ".pip" / "pip.conf")  # the place that pip reads first, and the other outdoes
    settings = {
        name: value for name, value in os.environ.items() if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"
    }
    lines = [f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {value}" for name, value in settings.items()]
    (home / ".config" / "pip" / "pip.conf").write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    return home


def sanity(place: Workplace) -> Outcome:
    """Run ansible-test's own checks, all of them: there is no ignore file."""
    ignored = sorted(path.name for path in (ROOT / "tests" / "sanity").glob("ignore*"))
    if ignored:
        return Outcome(failed=1, output=f"tests/sanity holds {', '.join(ignored)}: mend what it hides instead.")
    provide_get_pip()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--python", version, "--color", "no", "--exclude", "sandbox/"]
    status, output = place.run(command, place.copy, HOME=str(home_with_pip_settings(place)))
    # The first run installs what each test needs and says so in hundreds of lines.
    complaints = [line for line in output.splitlines(keepends=True) if line.startswith(("ERROR", "FATAL"))]
    return from_status(status, "".join(complaints) or output)


def build(place: Workplace) -> tuple[Path | None, str]:
    """Build the collection's artifact; return its path, or ``None`` and what the builder said."""
    status, output = place.run(
        ["ansible-galaxy", "collection", "build", "--force", "--output-path", str(place.scratch)], place.copy
    )
    found = sorted(place.scratch.glob("planton-digitalocean-*.tar.gz"))
    return (found[0], output) if status == 0 and found else (None, output)


def galaxy(place: Workplace) -> Outcome:
    """Import the built artifact as Galaxy would. The importer exits 0 with warnings, so its words are read."""
    artifact, output = build(place)
    if artifact is None:
        return Outcome(failed=1, output=output)
    status, said = place.run([sys.executable, "-m", "galaxy_importer.main", str(artifact)], place.scratch)
    complaints = [line for line in said.splitlines(keepends=True) if re.search(r"\b(WARNING|ERROR)\b", line)]
    return from_status(status or len(complaints), "".join(complaints) or said)


def documentation(place: Workplace) -> Outcome:
    """Check the documentation of plugins and role and the changelog, and that pages can be made from them."""
    pages = place.scratch / "pages"
    pages.mkdir(exist_ok=True)
    runs = [
        place.run(["antsibull-changelog", "lint"], place.copy),
        place.run(["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."], place.copy),
        place.run(
            f"antsibull-docs collection --use-current --fail-on-error --dest-dir {pages} planton.digitalocean".split()
        ),
    ]
    return from_status(max(status for status, said in runs), "".join(said for status, said in runs))


# The quickest stages first: check.py begins with the last one.
STAGES = (
    Stage("format", program("ruff", "format", "--check", "--diff", "--quiet", "."), "ruff format"),
    Stage("lint", program("ruff", "check", "--quiet", "."), "ruff, and the syntax of Python 3.10 for the plugins"),
    Stage("types", types, "mypy --strict"),
    Stage("conventions", pytest("tests/conventions"), "layers, budgets, documentation and names"),
    Stage("unit", pytest("tests/unit"), "the pure parts"),
    Stage("sandbox", pytest("sandbox/tests"), "the sandbox by itself"),
    Stage("contract", pytest("tests/contract"), "the sandbox against DigitalOcean's description, by schemathesis"),
    Stage("audit", vulnerabilities, "pip-audit on the lock files"),
    Stage(
        "clients",
        clients,
        "the OCI's conformance suite, crane, regctl, oras, skopeo, cosign and helm on the image host",
    ),
    Stage("docs", documentation, "antsibull-docs"),
    Stage(
        "ansible-lint",
        program("ansible-lint", "--offline", "--profile", "production", "-q", "--nocolor"),
        "profile production",
    ),
    Stage("galaxy", galaxy, "the artifact, as Galaxy imports it"),
    Stage("sanity", sanity, "ansible-test sanity, nothing ignored"),
    Stage("integration", pytest("tests/integration", *BESIDE), "modules and role on the sandbox"),
    Stage("clusters", clusters, "modules and role on real Kubernetes control planes"),
    Stage("cores", cores, "older versions of ansible-core, and the lowest version of each requirement", is_long=True),
)


# The stages that have tests with the marker long or are long as a whole, which `make test-long` runs.
LONG_STAGES = ("clusters", "cores")


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder outside the checkout, where git's rules for the checkout do not reach."""
    return tempfile.TemporaryDirectory(prefix="docr-check-")
