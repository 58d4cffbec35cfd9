# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docr-sandbox serve``: the apps behind TLS, from the start to SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cattrs
import uvicorn

from docr_sandbox.app import create_app
from docr_sandbox.content import ContentStore
from docr_sandbox.control_guard import ControlGuard
from docr_sandbox.distribution.host import create_image_host
from docr_sandbox.doks.operator import Operator
from docr_sandbox.env_file import Address, write_env_file
from docr_sandbox.failures import CommandError
from docr_sandbox.files import PUBLIC, write_atomically
from docr_sandbox.listening import client_host, is_loopback, listen
from docr_sandbox.state_file import SavedState, StateKeeper, read_state, unusable
from docr_sandbox.tls import Authority, client_bundle
from docr_sandbox.world import Addresses, World

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from docr_sandbox.contract.check import ContractCheck

READY_TIMEOUT_S = 10.0
SAVE_INTERVAL_S = 0.2


@dataclass(frozen=True)
class ServeOptions:
    """The command line of ``serve``. A port ``None`` means the state file's, else a free one, as 0 does."""

    host: str = "127.0.0.1"
    open_control: bool = False
    port: int | None = None
    registry_port: int | None = None
    env_file: Path | None = None
    state_file: Path | None = None
    openapi: Path | None = None
    contract_report: Path | None = None


class Saver(Protocol):
    """An object that keeps a file up to date."""

    def save(self) -> None:
        """Write the file if it is behind; cheap when it is not."""


def serve(options: ServeOptions, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``say`` gets each line for the user.

    Raises :class:`CommandError` when it cannot start.
    """
    saved = read_state(options.state_file) if options.state_file else None
    world = _world(saved, options.state_file)
    names = (client_host(options.host).strip("[]"),)
    authority = saved.authority if saved and saved.authority.serves(names) else Authority.new(*names)
    context = _server_context(authority, options)
    contract = _contract(options)
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listen(options.host, *pair)) for pair in _ports_to_use(options, saved)]
        port, registry_port = (int(one.getsockname()[1]) for one in listeners)
        if not is_loopback(options.host):
            say(_open_warning(options))
        if options.env_file:
            # A script that waits for the file must not read the file of an earlier process.
            with contextlib.suppress(OSError):
                options.env_file.unlink()
        ca_file = stack.enter_context(_ca_file(options, authority))
        address = _address(options.host, port, registry_port, ca_file, world.tokens.primary)
        world.addresses = Addresses(address.url, address.registry_host)
        guard = ControlGuard(client_host(options.host), options.open_control)
        app = create_app(world, wrap=contract.wrap if contract else None, guard=guard)
        if contract:
            app = contract.with_report_route(app)
        apps = [app, create_image_host(world)]
        savers: list[Saver] = [contract] if contract else []
        if options.state_file:
            ports = (port, registry_port)
            keeper = StateKeeper(options.state_file, lambda: SavedState(*ports, authority, world.dump()))
            keeper.save()
            apps = [keeper.watch(one) for one in apps]
            savers.append(keeper)
        configs = [_config(one, context) for one in apps]
        servers = [(_Server(config), listener) for config, listener in zip(configs, listeners, strict=True)]
        stack.enter_context(Operator(world))
        with asyncio.Runner(loop_factory=configs[0].get_loop_factory()) as runner:
            runner.run(_run(servers, savers, lambda: _ready(address, options.env_file, say)))


async def _run(
    servers: Sequence[tuple[_Server, socket.socket]], savers: Sequence[Saver], ready: Callable[[], None]
) -> None:
    """Serve; call ``ready`` once connections are taken; save what changes, and once more at the end."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server, _ in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    serving = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    saving = asyncio.create_task(_save_regularly(savers))
    try:
        while not all(server.started for server, _ in servers) and not any(one.done() for one in serving):
            await asyncio.sleep(0.001)
        await asyncio.to_thread(ready)
        await asyncio.wait(serving, return_when=asyncio.FIRST_COMPLETED)
    finally:
        end()
        saving.cancel()
        await asyncio.wait([*serving, saving])
        for saver in savers:
            saver.save()


async def _save_regularly(savers: Sequence[Saver]) -> None:
    while True:
        await asyncio.sleep(SAVE_INTERVAL_S)
        for saver in savers:
            try:
                saver.save()
            except CommandError as failure:
                logging.getLogger(__name__).warning("docr-sandbox: %s", failure)


def _open_warning(options: ServeOptions) -> str:
    control = "its control side too, which gives out tokens" if options.open_control else "not its control side"
    return (
        f"Warning: --host {options.host} lets other machines reach this sandbox, {control}. The sandbox is made for one"
        " machine and checks no more than a token."
    )


class _Server(uvicorn.Server):
    """uvicorn, but signals are for both servers, and SIGTERM is an ordinary end with status 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _config(app: ASGIApp, context: ssl.SSLContext) -> uvicorn.Config:
    # With a grace of 0, uvicorn logs every stop as an exceeded timeout, which would mislead users.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "graceful shutdown" not in record.getMessage())
    return uvicorn.Config(
        app,
        ssl_context_factory=lambda *_: context,
        # Clients keep connections open, and uvicorn would wait for them.
        timeout_graceful_shutdown=0,
        # The app sends the sandbox clock's date instead.
        date_header=False,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
    )


def _world(saved: SavedState | None, path: Path | None) -> World:
    world = World()
    if saved is not None and path is not None:
        try:
            world = World.load(saved.world)
        except (ValueError, TypeError, KeyError, AttributeError, cattrs.BaseValidationError) as error:
            raise unusable(path, error) from error
    if path is not None:
        world.images.content = ContentStore(path.absolute().with_name(f"{path.name}.content"))
    return world


def _server_context(authority: Authority, options: ServeOptions) -> ssl.SSLContext:
    try:
        return authority.server_context(client_host(options.host).strip("[]"))
    except ValueError as error:
        if options.state_file is None:
            raise
        raise unusable(options.state_file, error) from error


def _contract(options: ServeOptions) -> ContractCheck | None:
    if options.openapi is None:
        return None
    # Imported only for a check: openapi-core takes a quarter of a second and is an optional dependency.
    try:
        from docr_sandbox.contract.check import ContractCheck  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(
            f"Checking against {options.openapi} requires {error.name}: install docr-sandbox[contract]."
        ) from error
    return ContractCheck.load(options.openapi, options.contract_report)


def _ports_to_use(options: ServeOptions, saved: SavedState | None) -> Iterator[tuple[int, str]]:
    """The API's port and the image host's, each with the option that sets it."""
    kept = (saved.port, saved.registry_port) if saved else (0, 0)
    yield kept[0] if options.port is None else options.port, "--port"
    yield kept[1] if options.registry_port is None else options.registry_port, "--registry-port"


def _address(host: str, port: int, registry_port: int, ca_file: Path, token: str) -> Address:
    # The real revoke address is on another host than the API, and clients must not depend on them being one. The
    # API and the image host share a name: some image clients do not let an image host send them to an IP address of a
    # private network for a token, others not to another host there.
    name = revoke_host = client_host(host)
    if is_loopback(name):
        name, revoke_host = "localhost", "127.0.0.1" if name == "localhost" else name
    return Address(
        url=f"https://{name}:{port}",
        registry_host=f"{name}:{registry_port}",
        revoke_url=f"https://{revoke_host}:{port}/v1/oauth/revoke",
        ca_file=ca_file,
        token=token,
    )


@contextlib.contextmanager
def _ca_file(options: ServeOptions, authority: Authority) -> Iterator[Path]:
    """The clients' CA file: beside the env file or the state file, else in a folder that goes with the process."""
    beside = options.env_file or options.state_file
    with contextlib.ExitStack() as stack:
        if beside:
            path = beside.absolute().with_name(f"{beside.stem}-ca.pem")
        else:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="docr-sandbox-"))) / "ca.pem"
        write_atomically(path, client_bundle(authority.certificate), PUBLIC)
        yield path


def _await_answer(address: Address) -> None:
    """Ask over TLS as a client would. Raises :class:`CommandError` when the sandbox does not answer."""
    host, _, port = address.url.removeprefix("https://").rpartition(":")
    context = ssl.create_default_context(cafile=str(address.ca_file))
    connection = http.client.HTTPSConnection(host.strip("[]"), int(port), timeout=READY_TIMEOUT_S, context=context)
    try:
        connection.request("GET", "/_sandbox/ready")
        status = connection.getresponse().status
    except OSError as error:
        raise CommandError(f"The sandbox does not answer at {address.url}: {error}.") from error
    finally:
        connection.close()
    if status != 200:
        raise CommandError(f"The sandbox at {address.url} is not ready: status {status}.")


def _ready(address: Address, env_file: Path | None, say: Callable[[str], None]) -> None:
    """Wait for an answer of the sandbox, then print its addresses and write the env file."""
    _await_answer(address)
    say(f"docr-sandbox listens on {address.url}, for images on {address.registry_host} (CA file {address.ca_file})")
    if env_file:
        write_env_file(env_file, address)
        say(f"Point this shell's clients at it: source {env_file}")
