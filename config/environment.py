"""What the environment, .env and the files named by QUNCE_*_FILE give."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

PREFIX = "QUNCE_"
FILE = "_FILE"
NOT_SETTINGS = {"QUNCE_CRASH"}  # bot/crash.py: for the crash test only


class SettingsError(Exception):
    """The deployment cannot work as it is set; the text says what to set, in two languages."""


def read(env: Mapping[str, str], dotenv: Path, names: Collection[str]) -> dict[str, str]:
    """The values by name: the environment goes before .env, an empty one counts as not given."""
    return _given(_lines(dotenv), names) | _given(env, names)


def sources(env: Mapping[str, str], dotenv: Path, names: Collection[str]) -> dict[str, str]:
    """Where each value comes from: "environment", the path of .env, or that of a secret's file."""
    found: dict[str, str] = {}
    for place, values in ((str(dotenv), _lines(dotenv)), ("environment", env)):
        for name, value in values.items():
            plain = name if name in names else name.removesuffix(FILE)
            if _is_ours(name) and value.strip() and plain in names:
                found[plain] = place if plain == name else value.strip()
    return found


def _lines(dotenv: Path) -> dict[str, str]:
    try:
        # "utf-8-sig" for Notepad; no interpolation, so that a password may contain ${
        found = dotenv_values(dotenv, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"读不了 {dotenv}，请检查文件权限和 UTF-8 编码。"
            f" {dotenv} cannot be read; check its permissions and that it is UTF-8."
        ) from error
    return {name: value or "" for name, value in found.items()}


def _given(values: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    ours = {n: v.strip() for n, v in values.items() if _is_ours(n) and v.strip()}
    given: dict[str, str] = {}
    for name, value in ours.items():
        plain = name if name in names else name.removesuffix(FILE)
        if plain not in names:
            raise _stranger(name, names)
        if plain != name and plain in ours:
            raise SettingsError(
                f"{plain} 和 {name} 只能设置一个。 Set either {plain} or {name}, not both."
            )
        given[plain] = value if plain == name else _content(name, value)
    return given


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) and name not in NOT_SETTINGS


def _content(name: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        sample = f"{name}=/run/secrets/qunce"
        raise SettingsError(
            f"读不了 {name} 指定的文件 {path}，请换成可读的文本文件，例如 {sample}。"
            f" The file {path} named by {name} cannot be read; name one that can,"
            f" for example {sample}."
        ) from error


def _stranger(name: str, names: Collection[str]) -> SettingsError:
    # An error, not a warning: QUNCE_MONGO_URI would quietly mean the embedded mongod.
    near = get_close_matches(name, names, n=1)
    zh = f"是不是想写 {near[0]}？" if near else "可用的设置见 README 的设置表。"
    en = f"did you mean {near[0]}?" if near else "README lists those that there are."
    return SettingsError(f"没有 {name} 这个设置，{zh} There is no setting {name}; {en}")
