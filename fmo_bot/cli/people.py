"""Who takes part for whom, said on the server: `people confirm`, `release`, `admin`."""

from typing import Annotated

import typer

from fmo_bot.cli.deciding import opened, person_of

Team = Annotated[str, typer.Argument(help="The joint team, by its name.")]
Whom = Annotated[str, typer.Argument(help="Who it is about: workspace:user, such as T0HUAWEI:U0LIWEI.")]
Admin = Annotated[str, typer.Option(help="Who decides: workspace:user, such as T0HUAWEI:U0LIWEI.")]


def register(app: typer.Typer) -> None:
    """Add these commands, all under `people`."""
    people = typer.Typer(help="Who takes part for which company, and who speaks for it.", no_args_is_help=True)
    people.command("confirm")(confirm)
    people.command("release")(release)
    people.command("admin")(admin)
    app.add_typer(people, name="people")


def confirm(
    team: Team,
    person: Whom,
    admin: Admin,
    no: Annotated[bool, typer.Option("--no", help="They do not take part for the company.")] = False,
) -> None:
    """An admin says whether somebody of whom nobody has said it takes part for their company."""
    from fmo_bot.services.taking_sides import Sides

    with opened(Sides) as (sides, at):
        side = sides.confirm(person_of(admin), team, person_of(person), at, yes=not no)
        print(f"{person} {'does not take' if no else 'takes'} part for the side {side} of {team}.")


def release(team: Team, person: Whom, admin: Admin) -> None:
    """Their own side lets somebody go; another company of the joint team is asked whether they take part for it."""
    from fmo_bot.services.taking_sides import Sides

    with opened(Sides) as (sides, at):
        sides.release(person_of(admin), team, person_of(person), at)
        print(f"{person} takes part for nobody now, until an admin of another company confirms it.")


def admin(person: Whom, admin: Admin) -> None:
    """An admin names another one of their own company."""
    from fmo_bot.services.admins import NAMED, Admins

    with opened(Admins) as (admins, at):
        name, company = admins.another(person_of(admin), person_of(person), at)
        print(NAMED.format(name=name, company=company))
