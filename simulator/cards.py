"""A template card and the copies of it on staff's phones."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.dice import canonical

UPDATABLE = ("button_interaction", "vote_interaction", "multiple_interaction")


@dataclass(slots=True)
class Copy:
    """``card`` is what this phone shows now; nobody can press a closed one."""

    card: dict[str, Any]
    closed: bool = False


@dataclass(slots=True, kw_only=True)
class Card:
    task_id: str
    msgid: str
    sent_at: datetime
    card: dict[str, Any]
    copies: dict[str, Copy] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.card["card_type"])

    @property
    def title(self) -> str:
        return str(self.card.get("main_title", {}).get("title") or self.card.get("sub_title_text"))

    @property
    def text(self) -> str:
        return canonical(self.card)


def questions(card: dict[str, Any]) -> dict[str, list[str]]:
    """The option ids under each question of a card."""
    parts = [card.get("checkbox"), card.get("button_selection"), *card.get("select_list", [])]
    return {
        part["question_key"]: [option["id"] for option in part["option_list"]]
        for part in parts
        if part
    }


def buttons(card: dict[str, Any]) -> dict[str, str]:
    """Key and text of what can be pressed and tells us so."""
    found = {
        button["key"]: button["text"]
        for button in card.get("button_list", [])
        if not button.get("type")
    }
    if submit := card.get("submit_button"):
        found[submit["key"]] = submit["text"]
    return found


def can_be_updated(card: dict[str, Any]) -> bool:
    return card["card_type"] in UPDATABLE or bool(card.get("action_menu"))
