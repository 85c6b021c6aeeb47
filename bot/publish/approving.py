"""Ask for approval, give it, and know whether it is there."""

from hashlib import sha256

from bot.context import Context
from bot.model import Outgoing
from bot.publish.approval import Approval, needed
from bot.publish.folder import Contents
from bot.wecom import cards
from config.book import Book
from config.loader import load_texts


async def missing_approval(ctx: Context, contents: Contents, book: Book) -> Approval | None:
    """Who still has to agree before these contents replace what is live; None: nobody.

    Whoever agreed must still be one who may. What was live before rules asked for approval was
    never agreed to.
    """
    releases = ctx.store.releases
    head = await releases.head()
    if not head:
        return None
    approval = await _asked(ctx, head, contents, book)
    if approval is None:
        return None
    agreed = {one["who"] for one in await releases.approvals(contents.hash)}
    return None if agreed & set(approval.people) else approval


async def approve(ctx: Context, contents: Contents, who: str, *, typed_by: str) -> Approval | None:
    """Remember that ``who`` agrees to exactly these contents; None: nobody need be asked.

    Raises PermissionError with a sentence when it is not theirs to agree, and Mistakes.
    """
    book = load_texts(contents.files, contents.pictures)
    head = await ctx.store.releases.head()
    approval = await _asked(ctx, head, contents, book) if head else None
    if approval is None:
        return None
    if who not in approval.people:
        people = "、".join(approval.people)
        raise PermissionError(f"{who} 不能批准{approval.kind}：线上规则里可以批准的是 {people}")
    team = (await ctx.releases.get(head)).book.team
    await ctx.store.releases.approve(
        contents.hash, who=who, userid=team.userid(who), typed_by=typed_by, at=ctx.now()
    )
    return approval


async def ask_for_approval(ctx: Context, approval: Approval, *, author: str, note: str) -> None:
    """A text to everybody who may agree, once for the same contents."""
    team = (await ctx.releases.head()).book.team
    rows = [
        Outgoing(
            id=f"approval:{approval.hash}:{team.userid(who)}",
            kind="text",
            body=cards.text(
                ctx.settings.agent_id,
                [team.userid(who)],
                f"{author} 请你批准一次发布（{approval.kind}，编号 {approval.hash[:8]}）"
                f"{f'：{note}' if note else ''}。同意请在服务器上运行 qunce approve --by {who}",
            ),
            staff=team.userid(who),
            due_at=ctx.now(),
        )
        for who in approval.people
    ]
    await ctx.store.outbox.put(rows)
    ctx.hints.ring("outbox")


async def _asked(ctx: Context, head: int, contents: Contents, book: Book) -> Approval | None:
    live = (await ctx.releases.get(head)).book
    pictures = {path: sha256(content).hexdigest() for path, content in contents.pictures.items()}
    shown = (await ctx.store.releases.get(head)).pictures
    return needed(live, book, contents.hash, (shown, pictures))
