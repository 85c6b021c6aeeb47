"""Keep the tag catalogue: WeCom's ids and names, and the tags our configuration declares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.context import Context
from bot.playbook.happenings import untagged
from bot.store.tags import Tag
from bot.wecom import bodies
from config.book import Book

EACH = "\0each customer\0"  # gives way to the id of each who carried a tag that is gone


async def read_tags(ctx: Context) -> int:
    """The catalogue is what WeCom says now; customers follow renamed and deleted tags.

    That a deleted tag was taken off is news of each of them, told by whoever asked.
    """
    async with ctx.store.tags.reading:  # an older list never overwrites a newer one
        answer = await ctx.wecom.call("externalcontact/get_corp_tag_list", {})
        live = {tag.id: tag for group in answer.get("tag_group", ()) for tag in _tags(group)}
        known = await ctx.store.tags.all()
        for tag_id, old in known.items():  # before renaming: another may have taken its name
            if tag_id not in live:
                news = untagged(EACH, old.full, "", ctx.now(), "wecom")
                await ctx.store.contacts.tag_gone(tag_id, old.full, news)
        await _rename(ctx, known, live)
        await ctx.store.tags.learn(tag for tag in live.values() if known.get(tag.id) != tag)
        await ctx.store.tags.forget(known.keys() - live.keys())
    return len(live)


async def _rename(ctx: Context, known: Mapping[str, Tag], live: Mapping[str, Tag]) -> None:
    """Customers wear the tags under their names of now; a new tag may have an old one's name."""
    renamed = {one for one in known.keys() & live.keys() if known[one].full != live[one].full}
    if renamed:
        fresh = {one: live[one].full for one in renamed | (live.keys() - known.keys())}
        await ctx.store.contacts.tags_renamed(fresh, {known[one].full for one in renamed})


async def create_missing_tags(ctx: Context, book: Book) -> Sequence[str]:
    """Create the declared tags that WeCom lacks; their names."""
    declared = {f"{group}/{name}" for group, names in book.tags.items() for name in names}
    if not declared - (await ctx.store.tags.ids_of(declared)).keys():
        return ()
    await read_tags(ctx)
    missing = sorted(declared - (await ctx.store.tags.ids_of(declared)).keys())
    for group, names in _by_group(missing).items():
        answer = await ctx.wecom.call(
            "externalcontact/add_corp_tag", bodies.add_corp_tag(group, names)
        )
        await ctx.store.tags.learn(_tags(answer["tag_group"]))
    return missing


def _tags(group: Mapping[str, Any]) -> list[Tag]:
    return [
        Tag(id=tag["id"], group_id=group["group_id"], group=group["group_name"], name=tag["name"])
        for tag in group.get("tag", ())
        if not tag.get("deleted")
    ]


def _by_group(full_names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for full in full_names:
        group, _, name = full.partition("/")
        groups.setdefault(group, []).append(name)
    return groups
