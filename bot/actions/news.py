"""Tell what was noticed about customers and groups to whoever waits for it.

News is kept with the change it came from until it is told, so telling may begin again anywhere.
"""

from dataclasses import replace

from bot.actions import entry, seats
from bot.actions.tagging import tag
from bot.context import Context
from bot.model import Contact, Fact, Group
from bot.playbook import keys
from bot.store.log import line


async def tell_contact(ctx: Context, contact_id: str) -> None:
    """Wake who waits for this customer's tags and friendships, and begin what begins with a tag."""
    facts = await ctx.store.contacts.news(contact_id)
    contact = await ctx.store.contacts.get(contact_id)
    if not facts or not contact:
        return
    await ctx.store.log.write(
        [line(f"{fact.id}:seen", [contact_id], fact.at, _in_words(fact)) for fact in facts]
    )
    await ctx.store.facts.record(facts, ctx.now())
    for staff, name in entry.tags_in(facts):
        await entry.tagged(ctx, contact, staff, name)
    await ctx.store.contacts.told(contact_id, facts)
    ctx.hints.ring("journeys")


async def tell_group(ctx: Context, chat_id: str) -> None:
    """Seats first: whoever is woken by the fact may look at them."""
    facts = await ctx.store.groups.news(chat_id)
    group = await ctx.store.groups.get(chat_id)
    if not facts or not group:
        return
    for fact in facts:
        if fact.id.startswith("join:"):
            await seats.seen(ctx, group, fact.subject, fact.at, fact.data.get("state", ""))
            await _tag_joined(ctx, group, fact)
        else:
            await seats.left(ctx, group, fact.subject, fact.at)
    await ctx.store.log.write(
        [line(f"{f.id}:seen", [f.subject, chat_id], f.at, _moved(f, group)) for f in facts]
    )
    await ctx.store.facts.record([_keyed(fact, group) for fact in facts], ctx.now())
    await ctx.store.groups.told(chat_id, facts)
    ctx.hints.ring("journeys")


async def tell_news(ctx: Context) -> bool:
    """What a sync noticed, or somebody died before telling; False when there is no news."""
    told = False
    while contacts := await ctx.store.contacts.with_news():
        for contact_id in contacts:
            await tell_contact(ctx, contact_id)
        told = True
    while groups := await ctx.store.groups.with_news():
        for chat_id in groups:
            await tell_group(ctx, chat_id)
        told = True
    return told


_PARTED = {
    "by_customer": "客户删除了 {staff}",
    "by_staff": "{staff} 删除了客户",
    "transfer": "客户从 {staff} 转接走了",
}


async def _tag_joined(ctx: Context, group: Group, fact: Fact) -> None:
    """The theme's 入群打标签, by the owner where they know the customer, else by who does."""
    book = (await ctx.releases.head()).book
    theme = book.themes.get(group.theme)
    contact = await ctx.store.contacts.get(fact.subject)
    if not theme or not theme.join_tags or not contact:
        return
    staff = _tagger(contact, group.owner)
    if staff:
        tags = book.full_tags(theme.join_tags)
        await tag(ctx, contact.id, staff, tags, f"进入群“{group.name}”", f"tag:{fact.id}")


def _tagger(contact: Contact, owner: str) -> str:
    friend = contact.relation(owner)
    return owner if friend and not friend.lost else entry.newest_friend(contact)


def _keyed(fact: Fact, group: Group) -> Fact:
    if not group.theme or not fact.id.startswith("join:"):
        return fact
    return replace(fact, keys=(keys.joined(fact.subject, group.theme),))


def _in_words(fact: Fact) -> str:
    staff = fact.data.get("staff", "")
    if "tag" in fact.data:
        return f"{staff} 在企业微信打上标签“{fact.data['tag']}”"
    return _PARTED[fact.data["how"]].format(staff=staff)


def _moved(fact: Fact, group: Group) -> str:
    return f"{'进入' if fact.id.startswith('join:') else '离开'}群“{group.name}”"
