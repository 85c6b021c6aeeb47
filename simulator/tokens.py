"""Access tokens: one per secret, valid for two hours of machine time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.dice import Mint
from simulator.refusal import Refusal
from simulator.setup import Limits

SecretName = Literal["agent", "contact"]


@dataclass(slots=True, kw_only=True)
class Token:
    text: str
    secret: SecretName
    expires_at: float
    void: bool = False


class Tokens:
    def __init__(self, mint: Mint, machine: Callable[[], float]) -> None:
        self._mint = mint
        self._machine = machine
        self._by_text: dict[str, Token] = {}
        self._newest: dict[SecretName, Token] = {}

    def issue(self, secret: SecretName, limits: Limits) -> Token:
        """The same token again while it is valid, as WeCom does, unless told otherwise."""
        newest = self._newest.get(secret)
        if newest and self._is_good(newest) and not limits.new_token_voids_old:
            return newest
        if newest:
            newest.void = True
        token = Token(
            text=self._mint.letters("", "token", secret, length=64),
            secret=secret,
            expires_at=self._machine() + limits.token_seconds,
        )
        self._by_text[token.text] = token
        self._newest[secret] = token
        return token

    def seconds_left(self, token: Token) -> int:
        return max(0, round(token.expires_at - self._machine()))

    def check(self, text: str) -> SecretName:
        """Which secret it belongs to."""
        if not text:
            raise Refusal(41001, "access_token missing")
        token = self._by_text.get(text)
        if token is None or token.void:
            raise Refusal(40014, "invalid access_token")
        if token.expires_at <= self._machine():
            raise Refusal(42001, "access_token expired")
        return token.secret

    def void(self, text: str) -> None:
        if token := self._by_text.get(text):
            token.void = True

    def _is_good(self, token: Token) -> bool:
        return not token.void and token.expires_at > self._machine()
