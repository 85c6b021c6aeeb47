"""The commands; `qunce` is the same as `python -m bot`."""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import typer

from bot.cli.terminal import complain, show_mistakes
from config.mistakes import Mistakes
from config.settings import SettingsError

#: Each command and the function behind it.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "service.run",
        "worker": "service.worker",
        "demo": "service.demo",
        "check": "folder.check",
        "fmt": "folder.fmt",
        "schema": "editors.schema",
        "list": "folder.list_names",
        "import": "importing.import_calendar",
        "test": "testing.run_tests",
        "simulate": "simulate.simulate",
        "plan": "plans.plan",
        "apply": "releases.apply",
        "approve": "releases.approve",
        "pull": "releases.pull",
        "rollback": "releases.rollback",
        "pause": "states.pause",
        "resume": "states.resume",
        "stop": "states.stop",
        "doctor": "asking.doctor",
        "why": "asking.why",
        "queue": "asking.queue",
        "report": "report.report",
        "replay": "replaying.replay",
        "init-admin": "admins.init_admin",
    }
)


def main() -> None:
    """Exit 2 with one sentence when a setting is missing or malformed, never a traceback."""
    asked = [name for name in sys.argv[1:2] if name in COMMANDS]
    try:
        application(*asked or COMMANDS)()
    except SettingsError as error:
        complain(str(error), 2)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=False)
        sys.exit(1)
    except Exception as error:
        if not (sentence := _mongo_trouble(error)):
            raise
        complain(sentence, 1)


def application(*names: str) -> typer.Typer:
    """Only what is asked for is imported, so that `check` does not wait for all the rest."""
    app = typer.Typer(
        help="群策：企业微信回调机器人与群运营自动化。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_commands)  # also with a single command its name is asked for
    for name in names:
        module, function = COMMANDS[name].split(".")
        app.command(name)(getattr(import_module(f"bot.cli.{module}"), function))
    return app


def _commands() -> None:
    """群策：企业微信回调机器人与群运营自动化。"""


def _mongo_trouble(error: Exception) -> str:
    """One sentence about MongoDB; "" when it is something else."""
    if "pymongo" not in sys.modules:
        return ""
    from bot.store.client import MongoError, trouble

    return trouble(error) if isinstance(error, MongoError) else ""
