"""The `bot` program: one function a command, each of which calls one service."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from bot.cli.commands import OPERATOR, command, wired
from bot.cli.staff import staff_commands
from bot.errors import AftersaleError

# Rasa and what it stands on print pages of warnings that no user can act on.
_QUIET = {"SQLALCHEMY_SILENCE_UBER_WARNING": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
          "RASA_TELEMETRY_ENABLED": "false", "TF_ENABLE_ONEDNN_OPTS": "0",
          "SANIC_MOTD": "false"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. Returns its exit code; errors are one clear line."""
    quiet()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except AftersaleError as error:
        print(f"bot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def quiet() -> None:
    """Keeps Rasa from printing what nobody can act on; to be called before it is imported."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # Some of them put their warnings back on when they are imported, so a filter is not enough.
    warnings.showwarning = lambda *_, **__: None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bot", description="The after-sale service assistant.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = command(commands, "serve", _serve, "serve the assistant, the chat and the demo page")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=5005)
    train = command(commands, "train", _train, "train into models/ if the training data changed")
    train.add_argument("--force", action="store_true", help="train in any case")
    command(commands, "migrate", _migrate, "bring the database up to date")
    chat = command(commands, "chat", _chat, "talk to a running server in the terminal")
    chat.add_argument("--url", default="http://127.0.0.1:5005")

    orders = commands.add_parser("orders", help="the order store").add_subparsers(
        required=True, metavar="COMMAND")
    importing = command(orders, "import", _import, "import orders from a CSV file")
    importing.add_argument("file", help="the file, or - for standard input")
    importing.add_argument("--skip-bad", action="store_true",
                           help="import the good rows and name the bad ones")
    claims = commands.add_parser("claims", help="warranty claims").add_subparsers(
        required=True, metavar="COMMAND")
    explain = command(claims, "explain", _explain, "print each rule of a claim's decision")
    explain.add_argument("number")
    override = command(claims, "override", _override,
                        "decide a claim otherwise; the old decision stays")
    override.add_argument("number")
    override.add_argument("outcome", choices=("covered", "not_covered"))
    override.add_argument("--reason", required=True)
    override.add_argument("--by", required=True, metavar="EMAIL", help="who decides")
    mail = commands.add_parser("mail", help="e-mail").add_subparsers(
        required=True, metavar="COMMAND")
    command(mail, "check", _mail_check, "whether mailboxes can be read and mail can be sent")
    staff = commands.add_parser("staff", help="human agents").add_subparsers(
        required=True, metavar="COMMAND")
    staff_commands(staff)
    privacy = commands.add_parser("privacy", help="what is held about a customer").add_subparsers(
        required=True, metavar="COMMAND")
    command(privacy, "export", _privacy_export, "everything held, as JSON").add_argument("email")
    command(privacy, "erase", _privacy_erase, "remove it everywhere").add_argument("email")
    evaluate = command(commands, "evaluate", _evaluate, "score understanding on held-back data")
    evaluate.add_argument("--json", action="store_true", help="print the result as JSON")
    evaluate.add_argument("--keep", action="store_true",
                          help="store the result beside the data, to compare with next time")
    evaluate.add_argument("--data", type=Path, metavar="FOLDER",
                          help="other customers than the held-back ones")
    evaluate.add_argument("--peer", type=int, metavar="EPOCHS",
                          help="score Rasa's default pipeline too, trained so long")
    evaluate.add_argument("--share", type=_share, default=1.0, metavar="S",
                          help="compare with it on this share of the examples (0.1: a tenth)")
    reviewing = command(commands, "review", _review,
                         "turn messages that were not understood into training examples")
    reviewing.add_argument("--json", action="store_true", help="print what waits as JSON")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from bot.channels.run import serve

    return serve(options.host, options.port)


def _train(options: argparse.Namespace) -> int:
    from bot.engine.progress import train_with_progress
    from bot.settings import Settings

    train_with_progress(Settings.load().model_dir, force=options.force)
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from bot.store.migrate import migrate

    migrate(wired().database)
    return 0


def _chat(options: argparse.Namespace) -> int:
    from bot.channels.terminal import chat

    return chat(options.url)


def _import(options: argparse.Namespace) -> int:
    from bot.services.order_import import OrdersRefused, import_orders

    services = wired(migrated=True)
    try:
        with (sys.stdin.buffer if options.file == "-" else open(options.file, "rb")) as source:
            result = import_orders(services.database, source, skip_bad=options.skip_bad,
                                   max_problems=None)
    except OSError as error:
        print(f"bot: {options.file}: {error.strerror}", file=sys.stderr)
        return 1
    except OrdersRefused as refused:
        for problem in refused.bad:
            print(f"line {problem.line}: {problem.reason}", file=sys.stderr)
        print(f"bot: {refused}", file=sys.stderr)
        return 1
    for problem in result.bad:
        print(f"line {problem.line}: {problem.reason} (skipped)", file=sys.stderr)
    print(f"{result.orders} orders with {result.lines} line items imported")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from bot.services.explain import explained

    found = wired(migrated=True).claims.explain(options.number)
    if found is None:
        print(f"bot: there is no claim {options.number}", file=sys.stderr)
        return 1
    print(explained(found))
    return 0


def _mail_check(_: argparse.Namespace) -> int:
    from bot.channels.email.check import check
    from bot.settings import Settings

    works = True
    for fine, line in check(Settings.load()):
        works = works and fine
        print(f"{'ok  ' if fine else 'FAIL'}  {line}")
    return 0 if works else 1


def _privacy_export(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    held = services.privacy.export(options.email)
    # Not whose: an erased address stands nowhere any more.
    services.audit.write(OPERATOR, "privacy export")
    print(json.dumps(held, indent=2, ensure_ascii=False, default=str))
    return 0


def _privacy_erase(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    counts = services.privacy.erase(options.email)
    services.audit.write(OPERATOR, "privacy erase")
    print(json.dumps(counts, indent=2))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from bot.evaluation.run import HELD_BACK, evaluate

    return evaluate(as_json=options.json, keep=options.keep, data=options.data or HELD_BACK,
                    peer_epochs=options.peer, share=options.share)


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("a share is more than 0 and at most 1")
    return share


def _override(options: argparse.Namespace) -> None:
    from bot.services.review import OVERRIDDEN

    services = wired(migrated=True)
    claim_id = services.claims.override(options.number, options.outcome, options.reason,
                                        options.by)
    services.audit.write(OPERATOR, "claims override", "claims", options.number.upper(),
                         outcome=options.outcome, by=options.by)
    fault, story, language = services.claims.told(claim_id)
    for text in (fault, story):
        services.review.note(OVERRIDDEN, text, language)
    print(f"Claim {options.number.upper()}: {options.outcome}, decided by {options.by}")


def _review(options: argparse.Namespace) -> int:
    from bot.channels.review import review

    return review(wired(migrated=True).review, as_json=options.json)
