# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``docr-sandbox``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from docr_sandbox.failures import CommandError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 success, 1 an error with its message, 2 a usage error."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "seed":
            return _seed(options)
        return _serve(options)
    except CommandError as failure:
        print(f"docr-sandbox: {failure}", file=sys.stderr)
        return 1


def _seed(options: argparse.Namespace) -> int:
    # Imported here and below, since --help and the other command do not need the import.
    from docr_sandbox.seed_command import seed  # noqa: PLC0415

    seed(options.file, options.url, options.ca)
    print(f"Seeded from {options.file}.")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from docr_sandbox.serving import ServeOptions, serve  # noqa: PLC0415

    serve(
        ServeOptions(
            host=options.host,
            open_control=options.open_control,
            port=options.port,
            registry_port=options.registry_port,
            env_file=options.env_file,
            state_file=options.state_file,
            openapi=options.openapi or _path_from("DIGITALOCEAN_OPENAPI"),
            contract_report=options.contract_report or _path_from("DOCR_SANDBOX_CONTRACT_REPORT"),
        ),
        say=lambda line: print(line, flush=True),
    )
    return 0


def _path_from(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 (a free port) to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="docr-sandbox",
        description="DigitalOcean's container registry as a local server: its API, and its image host.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="start a sandbox with an empty account")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument(
        "--open-control",
        action="store_true",
        help="take requests of other machines to /_sandbox/ too, which gives out tokens without asking for any",
    )
    serve.add_argument("--port", type=_port, help="0 for a free port; default: the state file's, else a free port")
    serve.add_argument("--registry-port", type=_port, metavar="N", help="port of the image host; default as for --port")
    serve.add_argument("--env-file", type=Path, metavar="PATH", help="write shell export lines here when ready")
    serve.add_argument("--state-file", type=Path, metavar="PATH", help="keep account, CA, tokens and ports here")
    serve.add_argument(
        "--openapi",
        type=Path,
        metavar="PATH",
        help="check every exchange against this OpenAPI description (default: DIGITALOCEAN_OPENAPI)",
    )
    serve.add_argument(
        "--contract-report",
        type=Path,
        metavar="PATH",
        help="write the report of that check to this file or folder (default: DOCR_SANDBOX_CONTRACT_REPORT)",
    )
    seed = commands.add_parser("seed", help="fill a running sandbox from a YAML file")
    seed.add_argument("file", type=Path, metavar="FILE")
    seed.add_argument("--url", help="URL of the sandbox (default: DOCR_SANDBOX_URL)")
    seed.add_argument("--ca", metavar="PATH", help="CA file of the sandbox (default: DOCR_SANDBOX_CA)")
    return parser
