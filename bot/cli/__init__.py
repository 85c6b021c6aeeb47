"""The commands; `qunce` is the same as `python -m bot`."""

import sys

import typer

from bot.cli import asking, folder, releases, service
from bot.cli.terminal import complain, show_mistakes
from bot.store.client import MongoError, trouble
from config.mistakes import Mistakes
from config.settings import SettingsError

app = typer.Typer(
    help="群策：企业微信回调机器人与群运营自动化。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    service.run,
    service.worker,
    service.demo,
    folder.check,
    releases.apply,
    asking.doctor,
    asking.why,
):
    app.command()(command)


def main() -> None:
    """Exit 2 with one sentence when a setting is missing or malformed, never a traceback."""
    try:
        app()
    except SettingsError as error:
        complain(str(error), 2)
    except MongoError as error:
        complain(trouble(error), 1)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=False)
        sys.exit(1)
