"""设置: what this deployment was told and by whom; the rules over everything, with their lines."""

from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import SecretStr

from bot.publish import contents_of
from config import settings as deployment
from config.environment import PREFIX
from config.rule_lines import rule_lines
from config.settings import TABLE, Meaning, SettingsError
from console.language import marked
from console.payloads import HIDDEN
from console.site import Route, Visit

_DEFAULT: Final = marked("默认")
_NONE: Final = marked("没有设置")
_GIVEN: Final = marked("启动时给定")
_ENVIRONMENT: Final = marked("环境变量")


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting. ``value`` never holds a secret; ``source`` may be a path."""

    name: str
    value: str
    source: str
    meaning: Meaning


async def page(visit: Visit) -> web.StreamResponse:
    wrong = ""
    try:
        sources = {} if visit.site.one_click else deployment.sources()
    except SettingsError as error:
        sources, wrong = {}, str(error)
    live = await visit.ctx.store.releases.head()
    files = (await contents_of(visit.ctx.store, live)).files if live else {}
    return visit.page(
        "settings.html",
        settings=[_shown(visit, variable, sources) for variable in TABLE],
        rules=rule_lines(files),
        wrong=wrong,
        release=live,
        may_edit=visit.who.may("edit"),
    )


def _shown(visit: Visit, variable: deployment.Variable, sources: dict[str, str]) -> Shown:
    settings, field = visit.site.settings, variable.name.removeprefix(PREFIX).lower()
    source = _DEFAULT
    if field in settings.model_fields_set and getattr(settings, field) is not None:
        source = sources.get(variable.name, _GIVEN)
    if source == "environment":
        source = _ENVIRONMENT
    return Shown(variable.name, _value(getattr(settings, field)), source, variable.meaning)


def _value(value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    return _NONE if value is None else str(value)


ROUTES: Final = (Route("GET", "/console/settings", "operate", page),)
