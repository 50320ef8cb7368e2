"""Starting and stopping the server."""

from __future__ import annotations

import gc
import socket

from bot.bootstrap import bootstrap
from bot.engine.logs import quiet_logs
from bot.errors import AftersaleError
from bot.services.demo import seed_demo
from bot.services.mail_servers import Door
from bot.store.migrate import migrate


def serve(host: str, port: int) -> int:
    """Serves until Ctrl-C. Returns 0; raises AftersaleError if it cannot start."""
    # The cheap things that may be wrong come before the seconds that loading takes.
    services = bootstrap()
    from bot.engine.model import current_model

    model = current_model(services.settings.model_dir)
    migrate(services.database)
    _check_ports(host, port, services.settings.mail_door)
    if services.settings.seed_demo:
        seed_demo(services.database, services.today())
    print("Loading the assistant …", flush=True)
    quiet_logs()
    from bot.channels.server import create_application
    from bot.engine.assistant import assemble

    assistant = assemble(services, model)
    if services.database.is_sqlite:
        # This is the only process on a SQLite file, so whatever waits was left by a crash.
        assistant.inbox.release_all()
    app = create_application(assistant)
    # Sanic has just put its own back on: two lines for each socket that opens.
    quiet_logs()

    _collect_garbage_rarely()

    @app.after_server_start
    async def announce(*_: object) -> None:
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        print(f"\n  Demo shop and chat   http://{shown}:{port}/")
        print(f"  Support centre       http://{shown}:{port}/support")
        print(f"  Agents' desk         http://{shown}:{port}/desk   (bot staff add EMAIL)")
        print(f"  In the terminal      bot chat --url http://{shown}:{port}")
        if services.settings.api_token:
            print(f"  REST channel         http://{shown}:{port}/webhooks/rest/webhook")
        print("\n  Ctrl-C stops it.\n", flush=True)

    app.run(host=host, port=port, access_log=False, motd=False)
    services.database.dispose()
    return 0


def _collect_garbage_rarely() -> None:
    """A thorough collection looks through everything there is, and all customers wait for it."""
    gc.collect()
    # What was loaded until now stays for good and need not be looked through.
    gc.freeze()
    # Thousands of open chats are no garbage either: looked through ten times as rarely.
    gc.set_threshold(10_000, 20, 50)


def _check_ports(host: str, port: int, door: Door | None) -> None:
    """Raises AftersaleError if the server, or the door for mails, cannot listen."""
    _check_port(host, port, "choose another with --port")
    if door is not None:
        if door.port == port:
            raise AftersaleError(f"MAIL_DOOR: port {port} is the server's own; set another")
        _check_port(door.host, door.port, "set MAIL_DOOR to another")


def _check_port(host: str, port: int, otherwise: str) -> None:
    """Raises AftersaleError, with what to do `otherwise`, where nobody can listen there."""
    if not 0 < port < 65536:
        raise AftersaleError(f"port {port} is not between 1 and 65535")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise AftersaleError(
            f"{host}:{port} cannot be used: {error.strerror}; {otherwise}") from None
