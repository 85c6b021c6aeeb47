"""Refuse what would change an experiment under the feet of those who are in it."""

from collections.abc import Collection, Iterator

from bot.playbook.moves import predecessor
from bot.playbook.split import frozen_changes
from bot.store import Store
from config.book import Book


class Frozen(Exception):
    """An experiment that has begun would not be the same any more."""


async def refuse_frozen(store: Store, was: Book, book: Book) -> None:
    """Raises Frozen with a sentence for every experiment concerned."""
    known = await store.experiments.names()
    found = [f"“{sop}”的“{step}”：{what}" for sop, step, what in frozen(was, book, known)]
    if found:
        raise Frozen("\n".join(found))


def frozen(was: Book, book: Book, known: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """(SOP, step, sentence) of every change that a begun experiment does not allow. Pure."""
    for sop in book.sops.values():
        before = predecessor(sop, was, book)
        for step, what in frozen_changes(before, sop, known):
            yield sop.name, step, what
