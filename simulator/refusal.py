"""How an API call, or an act that has become impossible, is turned down."""

from collections.abc import Callable


class Refusal(Exception):
    """WeCom answers HTTP 200 with this ``errcode`` and does nothing."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def attempt(do: Callable[[], object]) -> None:
    """What has become impossible meanwhile (a deleted friend, a dismissed group) is let go."""
    try:
        do()
    except Refusal:
        return
