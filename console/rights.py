"""Who may do what: roles come from 后台 in the team's YAML and from WeCom's departments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from bot.model import Staff
from bot.store.sessions import Kind
from config.book import Book

Role = Literal["owner", "ops", "lead", "staff", "auditor"]
Right = Literal[
    "own tasks",  # the person's own page
    "look",  # figures, customers, groups and tasks; a lead those of their departments
    "figures",  # reports, which are about everybody
    "phones",  # a customer's phone number in full
    "act",  # give, reassign and cancel tasks, stop pushes
    "edit",  # write SOPs and see what publishing them would do
    "publish",
    "operate",  # callbacks, queues, doctor
    "trail",  # who did what
]

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    "owner": frozenset(get_args(Right)),
    "ops": frozenset(get_args(Right)) - {"trail"},
    "lead": frozenset({"own tasks", "look", "act"}),
    "staff": frozenset({"own tasks"}),
    "auditor": frozenset({"own tasks", "look", "figures", "trail"}),
}
ROLE_NAMES: Final[Mapping[Role, str]] = {
    "owner": "负责人",
    "ops": "运营",
    "lead": "店长",
    "staff": "员工",
    "auditor": "审计",
}


LOCAL: Final = "local:"  # begins the id of a local admin; no account of WeCom's has a colon
_EVERYWHERE: Final[frozenset[Role]] = frozenset({"owner", "ops", "auditor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whoever looks at a page."""

    user: str
    name: str
    kind: Kind
    roles: frozenset[Role]
    departments: frozenset[int] = frozenset()
    """Those a lead answers for; what "look" shows when it is their only role to look with."""
    by: Right | None = None
    """The right they make use of at the moment; None: any they have."""

    @property
    def rights(self) -> frozenset[Right]:
        return frozenset(right for role in self.roles for right in RIGHTS[role])

    @property
    def sees_all(self) -> bool:
        """Every department, and not only their own: by the roles that give the right at hand."""
        roles = self.roles & _EVERYWHERE
        return any(self.by is None or self.by in RIGHTS[role] for role in roles)

    def may(self, right: Right) -> bool:
        return right in self.rights


def of_staff(member: Staff, book: Book) -> Reader:
    """The rights of a member of the company who works here."""
    team = book.team
    named: Mapping[Role, tuple[str, ...]] = {
        "owner": team.console.owners,
        "ops": team.console.operators,
        "auditor": team.console.auditors,
    }
    roles: set[Role] = {"staff"}
    roles |= {role for role, names in named.items() if member.id in map(team.people.get, names)}
    led = set(member.leads)
    led |= {shop.department for shop in team.shops if team.people.get(shop.manager) == member.id}
    if led:
        roles.add("lead")
    return Reader(
        user=member.id,
        name=member.name or team.name_of(member.id),
        kind="wecom",
        roles=frozenset(roles),
        departments=frozenset(led),
    )


def of_admin(name: str) -> Reader:
    """Somebody who signed in without WeCom, for when it cannot be reached."""
    return Reader(user=f"{LOCAL}{name}", name=name, kind="local", roles=frozenset({"owner"}))
