"""`bot staff`: human agents."""

from __future__ import annotations

import argparse
from typing import Any

from bot.cli.commands import OPERATOR, command, wired
from bot.errors import AftersaleError

#: Of human agents (bot/services/staff.py, which takes too long to load for a word of help).
ROLES = ("agent", "lead", "admin")


def staff_commands(staff: Any) -> None:
    """The commands about human agents."""
    adding = command(staff, "add", _add, "add a human agent, print a one-time password")
    adding.add_argument("email")
    adding.add_argument("--name", default="", help="as customers see it")
    adding.add_argument("--role", choices=ROLES, help="agent, except the first, who is admin")
    adding.add_argument("--languages", default="", metavar="en,de", help="they speak these")
    adding.add_argument("--skills", default="", metavar="claim,warranty", help="topics")
    command(staff, "list", _list, "list the human agents")
    role = command(staff, "role", _role, "change what an agent may do")
    role.add_argument("email")
    role.add_argument("role", choices=ROLES)
    for name, run, text in (
            ("password", _password, "print a new one-time password; one-time codes go off"),
            ("deactivate", _deactivate, "sign an agent out everywhere, for good"),
            ("token", _token, "print a token for scripts; the one before ends")):
        command(staff, name, run, text).add_argument("email")


def _add(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    added, password = services.staff.add(
        options.email, name=options.name, role=options.role,
        languages=_words(options.languages), skills=_words(options.skills))
    services.audit.write(OPERATOR, "staff add", "staff", added.id, role=added.role)
    print(f"{added.email} ({added.role}) can sign in once with the password: {password}")
    if added.role == "admin" and options.role is None:
        print("The first agent is an admin and can add the others at /desk.")
    return 0


def _list(_: argparse.Namespace) -> int:
    for staff in wired(migrated=True).staff.all():
        state = "" if staff.active else "  deactivated"
        print(f"{staff.email}  {staff.name}  {staff.role}  "
              f"{','.join(staff.languages) or '-'}  {','.join(staff.skills) or '-'}{state}")
    return 0


def _role(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    staff = services.staff.change(services.staff.named(options.email).id, role=options.role)
    services.audit.write(OPERATOR, "staff role", "staff", staff.id, role=staff.role)
    print(f"{staff.email} is {staff.role}")
    return 0


def _password(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    staff = services.staff.named(options.email)
    password = services.staff.new_password(staff.id)
    services.audit.write(OPERATOR, "staff password", "staff", staff.id)
    print(f"{staff.email} can sign in once with the password: {password}")
    return 0


def _deactivate(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    staff = services.staff.change(services.staff.named(options.email).id, active=False)
    services.audit.write(OPERATOR, "staff deactivate", "staff", staff.id)
    print(f"{staff.email} is signed out everywhere and cannot sign in any more")
    return 0


def _token(options: argparse.Namespace) -> int:
    services = wired(migrated=True)
    staff = services.staff.named(options.email)
    if not staff.active:
        raise AftersaleError(f"{staff.email} is deactivated")
    print(services.staff_sessions.new_token(staff.id))
    services.audit.write(OPERATOR, "staff token", "staff", staff.id)
    return 0


def _words(written: str) -> list[str]:
    return [each.strip().lower() for each in written.split(",") if each.strip()]
