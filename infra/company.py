"""Companies, against whatever account and endpoint the environment names.

python -m infra.company create --stage S --name N --plan pro --timezone Europe/Dublin --owner-email E
python -m infra.company --help lists the other commands. What whoever runs a stage may do is not bound
by roles: these commands ask for no permission but that of the account.
"""

import argparse
import re
import secrets
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.access import ingest_secrets, invitations
from chalicelib.access.keys import forget_for_operators, keep_for_operators
from chalicelib.access.permissions import PLANS, Role
from chalicelib.access.rows import Access, Company
from chalicelib.encoding import encode
from chalicelib.errors import Conflict, Invalid, NotFound, WbsyncError
from chalicelib.http.binding import bind
from chalicelib.http.fields import Body, Cap, Currency, Email, Name, Zone, given
from chalicelib.names import comparison_form
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import Operative
from chalicelib.people import companies, users
from chalicelib.people.companies import Terms
from chalicelib.people.rows import User
from chalicelib.people.users import Profile
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.storage.work import Decided, commit
from chalicelib.times import utc_now
from infra import company_rows, kept_answers, kept_punches
from infra.company_rows import LONGEST_RUN
from infra.forgetting import Forgetting, Forgotten, forget_texts, forgetting
from infra.provision import create_secrets
from infra.stages import add_stage, company_ids, require_deployed

Run = Callable[[argparse.Namespace], dict[str, object] | None]  # None: it has printed what there is
PERSONAL = ("external_clock_id", "trade", "employer", "user")  # what an operative's row says of a person, but the name


def create(
    name: str,
    plan: str,
    timezone: str,
    email: str,
    *,
    owner_name: str = "Owner",
    currency: str = "EUR",
) -> dict[str, Any]:
    """Make a company; what is returned is shown once."""
    bind(Settings, {"name": name, "timezone": timezone, "currency": currency})
    bind(Person, {"name": owner_name, "email": email, "role": Role.OWNER.value})
    create_secrets()
    password = _password()
    owner = Profile(owner_name, email, Role.OWNER, password)
    decided = companies.create(Terms(name, plan, timezone, currency), owner, utc_now())
    made = decided.answer
    keep_for_operators(made.company.id, made.ingest.text)  # first: a company that is there has its secret there
    store().transact(decided.changes)
    shown = {
        "company": {"id": made.company.id, "name": name, "plan": plan, "timezone": timezone},
        "owner": {"id": made.owner.id, "email": email, "password": password},
        "ingest_secret": made.ingest.text,
    }
    return shown | ({"token": made.token.text} if made.token else {})


def _password() -> str:
    return secrets.token_urlsafe(15)


def companies_of_the_stage() -> dict[str, object]:
    """Every company by name, found by its ingest parameter: no table is scanned."""
    return {"companies": [_shown(row) for row in sorted(_companies(), key=lambda row: (row.name.casefold(), row.id))]}


def _companies() -> list[Company]:
    return [row for row in store().get_many(*((Company, id, "company") for id in company_ids())) if row]


def _shown(row: Company) -> dict[str, object]:
    names = ("id", "name", "plan", "timezone", "currency", "daily_cap_hours", "auto_add_operatives", "created_at")
    return {name: getattr(row, name) for name in names}


class Settings(Body, kw_only=True):
    """What `settings` changes."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    timezone: Zone | msgspec.UnsetType = msgspec.UNSET
    currency: Currency | msgspec.UnsetType = msgspec.UNSET
    daily_cap_hours: Cap | msgspec.UnsetType = msgspec.UNSET
    auto_add_operatives: bool | msgspec.UnsetType = msgspec.UNSET


class Person(Body, kw_only=True):
    """Whom `people` adds."""

    name: Name
    email: Email
    role: Role


def change(company: str, values: dict[str, object]) -> dict[str, object]:
    """Plan or settings of a company; they hold with the next request."""
    decided = commit(store(), lambda reading: companies.change(reading, company, values, utc_now()))
    return {"company": _shown(decided.answer)}


def add_person(company: str, name: str, email: str, role: str) -> dict[str, object]:
    """A user who can sign in at once; the password is shown once."""
    person, password = bind(Person, {"name": name, "email": email, "role": role}), _password()
    profile = Profile(person.name, person.email, person.role, password)

    def decide(reading: Reading) -> Decided[User]:
        return users.add(reading, companies.find(reading, company).id, profile, utc_now())

    user = commit(store(), decide).answer
    return {"user": {"id": user.id, "name": user.name, "email": email, "role": role, "password": password}}


def new_password(company: str, email: str) -> dict[str, object]:
    """Another password for a user, shown once; their sessions end. Works on every plan."""
    password = _password()

    def decide(reading: Reading) -> Decided[Access]:
        user = users.with_email(reading, companies.find(reading, company).id, email)
        return invitations.reset(reading, company, user, password)

    return {"user": {**commit(store(), decide).answer.user, "password": password}}


def rekey(company: str) -> dict[str, object]:
    """What a company needs after the stage got a new digest key: a sign-in directory, and a new ingest secret."""
    company = companies.find(Reading(store()), company).id
    listed = 0
    for change in users.listed_anew(store(), company):
        store().transact([change])
        listed += 1
    ingest = commit(store(), lambda reading: ingest_secrets.rotate(reading, company, 0, utc_now())).answer
    return {"company": company, "users": listed, "ingest_secret": ingest.text}


def anonymise(company: str, operative: str, *, user: bool = False) -> dict[str, object]:
    """Take what names a person out of an operative, and with ``user`` out of the user they are; hours stay.

    Texts and punches come first and the operative last, so that a run that was cut off can be done again.
    """
    here, reading = store(), Reading(store())
    found = operatives.find(reading, companies.find(reading, company).id, operative)
    forgotten, clock_id = found.user if user else None, found.external_clock_id
    names = [found.name, *(_called(reading, company, forgotten) if forgotten else ())]
    person = Forgotten(company, operative, forgotten, tuple(names), f"Former operative {operative}")
    known = forgetting(here, person)
    texts, moved = forget_texts(here, known), kept_punches.move(here, company, operative, clock_id)
    blanks: dict[str, dict[str, object]] = {}
    if forgotten:
        user_row = commit(here, lambda reading: users.forgotten(reading, company, forgotten, utc_now())).answer
        blanks[forgotten] = {"name": user_row.name, "email": user_row.email}
    row = commit(here, lambda reading: _forget_operative(reading, company, operative)).answer
    blanks[operative] = dict.fromkeys(PERSONAL) | {"name": row.name}
    moved |= kept_punches.move(here, company, operative, clock_id)  # those that came meanwhile
    done: dict[str, object] = {"operative": operative, "user": forgotten, "texts": texts, "punches": len(moved)}
    return done | {"kept_answers": _forget_answers(known, blanks, moved)}


def anonymise_user(company: str, user: str) -> dict[str, object]:
    """The same of a user who is no operative: name, e-mail and what they wrote go, and they cannot sign in.

    Raises:
        Invalid: the user is an operative, who must be named instead.
    """
    here, reading = store(), Reading(store())
    company = companies.find(reading, company).id
    access = here.get(Access, key(company, user), "access")
    if access is None:
        raise NotFound
    if access.operatives:
        raise Invalid(f"This user is an operative: anonymise --operative {' or '.join(access.operatives)} --user.")
    person = Forgotten(company, None, user, tuple(_called(reading, company, user)), f"Former user {user}")
    known = forgetting(here, person)
    texts = forget_texts(here, known)
    row = commit(here, lambda reading: users.forgotten(reading, company, user, utc_now())).answer
    blanks: dict[str, dict[str, object]] = {user: {"name": row.name, "email": row.email}}
    done: dict[str, object] = {"operative": None, "user": user, "texts": texts, "punches": 0}
    return done | {"kept_answers": _forget_answers(known, blanks, {})}


def _called(reading: Reading, company: str, user: str) -> list[str]:
    row = users.find(reading, company, user)
    return [row.name, row.email]


def _forget_answers(known: Forgetting, blanks: kept_answers.Blanks, moved: kept_punches.Moved) -> int:
    shown = {old: {"clock_id": kept_punches.clock_id(new)} for old, new in moved.items()} | dict(blanks)

    def cleaned(body: object) -> object:
        return known.cleaned(kept_answers.blanked(body, shown, moved))

    return kept_answers.forget(store(), known.person.company, cleaned)


def _anonymise(arguments: argparse.Namespace) -> dict[str, object]:
    if arguments.office_user:
        return anonymise_user(arguments.company, arguments.office_user)
    return anonymise(arguments.company, arguments.operative, user=arguments.user)


def _forget_operative(reading: Reading, company: str, id: str) -> Decided[Operative]:
    blank: dict[str, object] = dict.fromkeys(PERSONAL)
    values = blank | {"name": f"Former operative {id}", "active": False}
    now = utc_now()
    return operatives.change(reading, company, id, values, now.date().isoformat(), now)


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    found = {name: getattr(arguments, name) for name in Settings.__struct_fields__}
    values = {name: value for name, value in found.items() if value is not None}
    if "daily_cap_hours" in values:
        values["daily_cap_hours"] = _number(values["daily_cap_hours"])
    if "auto_add_operatives" in values:
        values["auto_add_operatives"] = values["auto_add_operatives"] == "on"
    if not values:
        raise Invalid("Name a setting to change, such as --daily-cap-hours 12.")
    return change(arguments.company, given(bind(Settings, values)))


def _number(text: str) -> object:
    return Decimal(text) if re.fullmatch(r"\d{1,3}(\.\d{1,9})?", text) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.company", description="Companies of this stage.")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, help: str, run: Run) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        add_stage(added)
        added.add_argument("--json", action="store_true", help="print JSON on one line")
        added.set_defaults(run=run)
        return added

    def of_one(name: str, help: str, run: Run) -> argparse.ArgumentParser:
        added = command(name, help, run)
        added.add_argument("--company", required=True, help="the company's id; `list` shows it")
        return added

    new = command("create", "make a company with its owner", _create)
    new.add_argument("--name", required=True)
    new.add_argument("--plan", required=True, choices=PLANS)
    new.add_argument("--timezone", default="UTC")
    new.add_argument("--currency", default="EUR")
    new.add_argument("--owner-email", required=True)
    new.add_argument("--owner-name", default="Owner")
    new.add_argument("--another", action="store_true", help="make it although a company has that name already")
    command("list", "list the companies of the stage", lambda _: companies_of_the_stage())
    plan = of_one("plan", "change a company's plan", lambda the: change(the.company, {"plan": the.plan}))
    plan.add_argument("plan", choices=PLANS)
    some = of_one("settings", "change settings of a company", _settings)
    for name in ("name", "timezone", "currency", "daily-cap-hours"):
        some.add_argument(f"--{name}")
    some.add_argument("--auto-add-operatives", choices=("on", "off"))
    person = of_one(
        "people", "add a user with a password", lambda the: add_person(the.company, the.name, the.email, the.role)
    )
    person.add_argument("--name", required=True)
    person.add_argument("--email", required=True)
    person.add_argument("--role", required=True, choices=[role.value for role in Role])
    lost = of_one(
        "password",
        "give a user another password, also on plans without the API",
        lambda the: new_password(the.company, the.email),
    )
    lost.add_argument("--email", required=True)
    of_one(
        "rekey",
        "after the stage got a new digest key: sign-in and ingest secret of a company",
        lambda the: rekey(the.company),
    )
    hand = of_one(
        "anonymise",
        "take what names a person out of an operative or a user; hours stay",
        _anonymise,
    )
    who = hand.add_mutually_exclusive_group(required=True)
    who.add_argument("--operative")
    who.add_argument("--office-user", metavar="USER", help="a user who is no operative, by id")
    hand.add_argument("--user", action="store_true", help="and out of the user they are, who can then not sign in")
    of_one("export", "print everything of a company as JSON lines", lambda the: _export(the.company))
    gone = of_one("remove", "remove a company; without --confirm say what would go, and the word", _remove)
    gone.add_argument("--confirm", metavar="WORD", help="the word that the command gave without it")
    gone.add_argument("--wait", type=float, default=LONGEST_RUN, help="seconds in which what is under way ends")
    return parser


def _export(company: str) -> None:
    for row in company_rows.exported(store(), company):
        print(encode(row).decode())


def _remove(arguments: argparse.Namespace) -> dict[str, object]:
    company, word = arguments.company, arguments.confirm
    if word is None:
        return company_rows.ask(store(), company)
    done = company_rows.remove(store(), company, word, lambda: time.sleep(arguments.wait))
    forget_for_operators(company)
    return {"company": company, "rows": done.rows, "removed_at": done.removed_at}


def _create(arguments: argparse.Namespace) -> dict[str, object]:
    if not arguments.another:
        _ask_about_twins(arguments.name)
    return create(
        arguments.name,
        arguments.plan,
        arguments.timezone,
        arguments.owner_email,
        owner_name=arguments.owner_name,
        currency=arguments.currency,
    )


def _ask_about_twins(name: str) -> None:
    """Raises :class:`Conflict` when there is a company of that name, unless somebody at a terminal wants another."""
    twins = [row.id for row in _companies() if comparison_form(row.name) == comparison_form(name)]
    if not twins:
        return
    there = f"There is a company {name} already ({', '.join(twins)})."
    if not sys.stdin.isatty():
        raise Conflict(f"{there} --another makes one more.")
    print(f"{there} Make another? [y/N] ", end="", file=sys.stderr, flush=True)
    if not sys.stdin.readline().strip().lower().startswith("y"):
        raise Conflict("Nothing was made.")


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    require_deployed(parser, chosen.stage)
    try:
        shown = chosen.run(chosen)
    except (WbsyncError, ClientError, BotoCoreError) as error:
        print(f"{chosen.command} failed: {_why(error)}", file=sys.stderr)
        return 1
    if shown is None:
        return 0
    text = encode(shown).decode()
    print(text if chosen.json else msgspec.json.format(text, indent=2))
    return 0


def _why(error: Exception) -> str:
    fields = getattr(error, "errors", None) or {}
    named = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in fields.items())
    if isinstance(error, NotFound) and not named:
        return "there is no such company, operative or user"
    return named or str(error)


if __name__ == "__main__":
    sys.exit(main())
