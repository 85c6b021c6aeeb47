"""Tell what was noticed about customers and groups to whoever waits for it.

News is kept with the change it came from until it is told, so telling may begin again anywhere.
"""

from dataclasses import replace

from bot.actions import entry, facts, seats
from bot.actions.tagging import tag
from bot.context import Context
from bot.model import Contact, Fact, Group
from bot.playbook import keys
from bot.playbook.evidence import OWN_CALL
from bot.playbook.happenings import JOIN, happening
from bot.store.log import line


async def tell_contact(ctx: Context, contact_id: str) -> None:
    """Wake who waits for what is new about this customer, and leave to it what it may begin."""
    news = await ctx.store.contacts.news(contact_id)
    if not news:
        return
    seen = [fact for fact in news if fact.source != OWN_CALL]
    await ctx.store.log.write(
        [line(f"{fact.id}:seen", [contact_id], fact.at, _in_words(fact)) for fact in seen]
    )
    await facts.record(ctx, news)
    await ctx.store.contacts.told(contact_id, news)


async def tell_group(ctx: Context, chat_id: str) -> None:
    """Seats and counts first: whoever is woken by the fact may look at them."""
    news = await ctx.store.groups.news(chat_id)
    group = await ctx.store.groups.get(chat_id)
    if not news or not group:
        return
    for fact in news:
        if _is_join(fact):
            await seats.seen(ctx, group, fact.subject, fact.at, fact.data.get("state", ""))
            await _tag_joined(ctx, group, fact)
            await ctx.store.contacts.happened(fact.subject, JOIN, fact.id, fact.at)
        else:
            await seats.left(ctx, group, fact.subject, fact.at)
    await ctx.store.log.write(
        [line(f"{f.id}:seen", [f.subject, chat_id], f.at, _moved(f, group)) for f in news]
    )
    await facts.record(ctx, [_keyed(fact, group) for fact in news])
    await ctx.store.groups.told(chat_id, news)


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


def _is_join(fact: Fact) -> bool:
    return fact.id.startswith("join:")


def _keyed(fact: Fact, group: Group) -> Fact:
    """Under the theme the group has, and under that of any group."""
    themes = dict.fromkeys(("", group.theme))
    if not _is_join(fact):
        return replace(fact, keys=tuple(keys.left_group(fact.subject, t) for t in themes))
    joined = tuple(keys.joined(fact.subject, theme) for theme in themes)
    did = happening(fact.id, JOIN, fact.subject, fact.at, fact.source, fact.data, joined)
    return replace(did, data={**fact.data, "theme": group.theme})


def _in_words(fact: Fact) -> str:
    told, staff = fact.data, fact.data.get("staff", "")
    if told.get("gone"):
        return (
            f"{staff} 在企业微信去掉了标签“{told['tag']}”"
            if staff
            else f"标签“{told['tag']}”没有了"
        )
    if "tag" in told:
        return f"{staff} 在企业微信打上标签“{told['tag']}”"
    if "stage" in told:
        return f"“{told['system']}”到了阶段“{told['stage']}”"
    if "attributes" in told:
        days = "，".join(f"{name} {day or '没有了'}" for name, day in told["attributes"].items())
        return f"客户属性：{days}"
    return _PARTED[told["how"]].format(staff=staff)


def _moved(fact: Fact, group: Group) -> str:
    if _is_join(fact):
        return f"进入群“{group.name}”"
    why = fact.data.get("why", "")
    return f"离开群“{group.name}”" + (f"（{why}）" if why else "")
