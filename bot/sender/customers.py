"""What concerns one customer: the welcome message and tags."""

from collections.abc import Iterable
from datetime import timedelta

from bot.crash import crash_point
from bot.playbook.evidence import OWN_CALL
from bot.playbook.happenings import tagged, untagged
from bot.playbook.waiting import to_begin
from bot.sender import pictures
from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    Later,
    Repeat,
    is_final,
    may_repeat,
    nothing_to_tell,
)
from bot.store.tags import Tag
from bot.wecom import bodies
from bot.wecom.errors import Busy, MediaGone, Refused, WeComError

WELCOME_SECONDS = 5.0
_PICTURE_SECONDS = 3.0
_TAG_GONE = 40068


# ---- welcome ------------------------------------------------------------------------------------


async def _welcome_body(hand: Hand) -> Answer:
    """Words in time are worth more than pictures too late."""
    body = hand.row.body
    kept = body["message"]
    try:
        message = await pictures.message(hand.ctx, kept, _PICTURE_SECONDS)
    except WeComError:
        if not kept.get("text"):
            raise
        message = pictures.without_files(kept)
    return bodies.welcome(body["welcome_code"], message)


async def _welcome(hand: Hand, body: Answer) -> Answer:
    try:
        return await hand.call("externalcontact/send_welcome_msg", body, WELCOME_SECONDS)
    except MediaGone as error:
        await pictures.forget(hand.ctx, body)
        raise Busy(error.code, "a picture has expired: upload it again") from error


async def _welcome_lost(hand: Hand) -> Repeat | Ended | Later:
    """The code may be used up; nobody can ask WeCom, and 20 s are over before it matters."""
    return Ended("unknown", "欢迎语结果不明：企业微信没有应答，凭证只能用一次，不再重发")


WELCOME = Channel(
    prepare=_welcome_body,
    send=_welcome,
    learned=nothing_to_tell,
    reconcile=_welcome_lost,
    refused=is_final,
    gave_up=nothing_to_tell,
    tries=6,
    ask_again=timedelta(),
)


# ---- tags ---------------------------------------------------------------------------------------


async def _tag_ids(hand: Hand) -> Answer:
    """Names become ids; a declared tag that WeCom lacks is made first."""
    body = hand.row.body
    add, remove = list(body.get("add", ())), list(body.get("remove", ()))
    known = await hand.ctx.store.tags.ids_of([*add, *remove])
    missing = [name for name in add if name not in known]
    if missing:
        known |= await make_tags(hand, missing)
    return {
        "userid": body["userid"],
        "external_userid": body["external_userid"],
        "add": {name: known[name] for name in add},
        "remove": {name: known[name] for name in remove if name in known},
    }


async def make_tags(hand: Hand, names: Iterable[str]) -> dict[str, str]:
    """Repeatable: WeCom uses a group or a tag again that has the name already."""
    made: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        group, _, tag = name.partition("/")
        groups.setdefault(group, []).append(tag)
    for group, tags in groups.items():
        body = bodies.add_corp_tag(group, tags)
        answer = await hand.ctx.wecom.call("externalcontact/add_corp_tag", body)
        made |= await _learn(hand, [answer["tag_group"]])
        if any(f"{group}/{tag}" not in made for tag in tags):
            everything = await hand.ctx.wecom.call("externalcontact/get_corp_tag_list", {})
            made |= await _learn(hand, everything.get("tag_group", ()))
    if lost := [name for name in names if name not in made]:
        raise Refused(_TAG_GONE, f"标签“{'、'.join(lost)}”建不出来", "externalcontact/add_corp_tag")
    return made


async def _learn(hand: Hand, groups: Iterable[Answer]) -> dict[str, str]:
    tags = [
        Tag(id=tag["id"], group_id=group["group_id"], group=group["group_name"], name=tag["name"])
        for group in groups
        for tag in group.get("tag", ())
        if not tag.get("deleted")
    ]
    await hand.ctx.store.tags.learn(tags)
    return {tag.full: tag.id for tag in tags}


async def _mark(hand: Hand, wanted: Answer) -> Answer:
    add, remove = wanted["add"], wanted["remove"]
    if not add and not remove:
        return {"add": add, "remove": remove}
    body = bodies.mark_tag(
        wanted["userid"], wanted["external_userid"], add.values(), remove.values()
    )
    try:
        await hand.call("externalcontact/mark_tag", body)
    except Refused as error:
        if error.code != _TAG_GONE:
            raise
        await hand.ctx.store.tags.forget([*add.values(), *remove.values()])
        raise Busy(error.code, "a tag was deleted in WeCom: look its name up again") from error
    return {"add": add, "remove": remove}


async def _tagged(hand: Hand, answer: Answer) -> None:
    """WeCom does not echo our own calls, so this is where the news comes from.

    It is kept with the change it came from until it is recorded: whoever repeats the call after
    our death finds nothing changed, but the news still there.
    """
    row, ctx = hand.row, hand.ctx
    customer, staff = row.body["external_userid"], row.body["userid"]
    at, contacts = row.attempt_at or ctx.now(), ctx.store.contacts
    ours = [
        *(tagged(customer, name, staff, at, OWN_CALL) for name in answer["add"]),
        *(untagged(customer, name, staff, at, OWN_CALL) for name in answer["remove"]),
    ]
    add, remove = answer["add"], answer["remove"]
    await contacts.retagged(customer, staff, add=add, remove=remove, news=ours)
    crash_point("tags.between")
    facts = [fact for fact in await contacts.news(customer) if fact.source == OWN_CALL]
    book = (await ctx.releases.head()).book
    await ctx.store.facts.record(to_begin(facts, book, ctx.now()), ctx.now())
    await contacts.told(customer, facts)
    ctx.hints.ring("journeys", "entries")


TAG = Channel(
    prepare=_tag_ids,
    send=_mark,
    learned=_tagged,
    reconcile=may_repeat,
    refused=is_final,
    gave_up=nothing_to_tell,
    tries=20,
)
