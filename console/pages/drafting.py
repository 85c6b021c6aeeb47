"""What somebody is writing, laid over what is live."""

from dataclasses import replace

from bot.context import Context
from bot.publish import Contents, contents_of
from bot.store.drafts import Draft
from config.book import Book
from config.loader import load_texts
from config.mistakes import Mistake, Mistakes


async def draft_of(ctx: Context, user: str) -> Draft:
    """What they began, else an empty one on top of what is live."""
    kept = await ctx.store.drafts.get(user)
    if kept:
        return kept
    head = await ctx.store.releases.head()
    mark = await ctx.store.releases.fingerprint(head)
    return Draft(id=user, base=head, base_hash=mark, at=ctx.now())


async def contents(ctx: Context, draft: Draft) -> Contents:
    """The whole folder as it would be."""
    below = await contents_of(ctx.store, draft.base) if draft.base else Contents()
    files = dict(below.files)
    for path, text in draft.changes.items():
        if text is None:
            files.pop(path, None)
        else:
            files[path] = text
    return Contents(files, below.pictures)


async def written(ctx: Context, draft: Draft, path: str, text: str | None) -> Draft:
    """The draft with one file changed; one that says what is live again is no change."""
    below = (await contents_of(ctx.store, draft.base)).files if draft.base else {}
    changes = {name: kept for name, kept in draft.changes.items() if name != path}
    if text != below.get(path):
        changes[path] = text
    fresh = replace(draft, changes=changes, at=ctx.now())
    if changes:
        await ctx.store.drafts.keep(fresh)
    else:
        await ctx.store.drafts.drop(draft.id)
    return fresh


async def moved_on(ctx: Context, draft: Draft) -> tuple[str, ...]:
    """Put the draft on top of what is live now; the files both sides changed: then it stays."""
    head = await ctx.store.releases.head()
    now = (await contents_of(ctx.store, head)).files
    then = (await contents_of(ctx.store, draft.base)).files if draft.base else {}
    both = tuple(path for path in draft.changes if then.get(path) != now.get(path))
    if not both:
        mark = await ctx.store.releases.fingerprint(head)
        await ctx.store.drafts.keep(replace(draft, base=head, base_hash=mark, at=ctx.now()))
    return both


def checked(whole: Contents) -> tuple[tuple[Mistake, ...], Book | None]:
    """What is to be said about the folder, and its book; None while there are mistakes."""
    try:
        book = load_texts(whole.files, whole.pictures)
    except Mistakes as found:
        return found.mistakes, None
    return book.reminders, book
