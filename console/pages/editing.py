"""编辑: write YAML with the checker beside it, see what publishing would do, publish."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from bot.plan.make import make
from bot.publish import (
    Base,
    BehindLive,
    Contents,
    Emptied,
    Frozen,
    HeadMoved,
    NotApproved,
    apply,
    approve,
    settle,
)
from bot.story import people
from config.catalogue import catalogue_of
from config.completion import Offer, complete
from config.editor import language_of
from config.loader import read_texts
from config.mistakes import Mistake, Mistakes
from config.schema import schema
from console.language import marked
from console.pages.drafting import checked, contents, draft_of, moved_on, written
from console.plan_view import shown
from console.site import Route, Visit, go

_PATH = re.compile(r"[^/\\.\x00-\x1f][^/\\\x00-\x1f]*(?:/[^/\\.\x00-\x1f][^/\\\x00-\x1f]*)*\.ya?ml")
_BLOCKING: Final = ("错误",)
_LONGEST = 400_000  # characters of one file


async def page(visit: Visit) -> web.StreamResponse:
    """The files, and which of them the reader has changed."""
    draft = await draft_of(visit.ctx, visit.who.user)
    whole = await contents(visit.ctx, draft)
    found, _ = checked(whole)
    return visit.page(
        "editing.html",
        files=sorted(whole.files),
        draft=draft,
        gone=sorted(path for path, text in draft.changes.items() if text is None),
        wrong={mistake.file for mistake in found if mistake.level in _BLOCKING},
        head=await visit.ctx.store.releases.head(),
        others=[one for one in await visit.ctx.store.drafts.all() if one.id != draft.id],
        names=await people(visit.ctx),
    )


async def file(visit: Visit) -> web.StreamResponse:
    path = visit.request.query.get("path", "")
    whole = await contents(visit.ctx, await draft_of(visit.ctx, visit.who.user))
    if path not in whole.files:
        if not _PATH.fullmatch(path):
            return visit.page(
                "error.html", status=400, why=marked("文件名要以 .yaml 结尾，例如 05-新活动.yaml。")
            )
        return visit.page("file.html", path=path, text="", found=[], blocking=_BLOCKING)
    found, _ = checked(whole)
    here = [mistake for mistake in found if mistake.file == path]
    text = whole.files[path]
    return visit.page("file.html", path=path, text=text, found=here, blocking=_BLOCKING)


async def check(visit: Visit) -> web.StreamResponse:
    """What the checker says about this file as it stands in the editor; nothing is kept."""
    path, text = _sent(await visit.form())
    draft = await draft_of(visit.ctx, visit.who.user)
    whole = await contents(visit.ctx, draft)
    found, _ = checked(Contents({**whole.files, path: text}, whole.pictures))
    return web.json_response([_row(one) for one in found if one.file == path])


async def words(visit: Visit) -> web.StreamResponse:
    """What may be written at a place of the text, as it stands in the editor; nothing is kept."""
    sent = await visit.form()
    path, text = _sent(sent)
    line, column = (_number(sent.get(name, "")) for name in ("line", "column"))
    draft = await draft_of(visit.ctx, visit.who.user)
    files = {**(await contents(visit.ctx, draft)).files, path: text}
    typed, offers = await asyncio.to_thread(_offered, files, text, line, column)
    return web.json_response({"typed": typed, "offers": [asdict(one) for one in offers]})


async def of_sop(visit: Visit) -> web.StreamResponse:
    """The file an SOP is written in; 404 when it is in none."""
    name = visit.request.query.get("name", "")
    whole = await contents(visit.ctx, await draft_of(visit.ctx, visit.who.user))
    begins = re.compile(rf"""^(SOP|sop):\s*["']?{re.escape(name)}["']?\s*(#.*)?$""", re.MULTILINE)
    path = next((path for path, text in whole.files.items() if begins.search(text)), "")
    if not path:
        raise web.HTTPNotFound
    return go("/console/editing/file?" + urlencode({"path": path}))


async def save(visit: Visit) -> web.StreamResponse:
    path, text = _sent(await visit.form())
    visit.about = path
    await written(visit.ctx, await draft_of(visit.ctx, visit.who.user), path, text)
    return go("/console/editing")


async def remove(visit: Visit) -> web.StreamResponse:
    path = (await visit.form()).get("path", "")
    visit.about = path
    await written(visit.ctx, await draft_of(visit.ctx, visit.who.user), path, None)
    return go("/console/editing")


async def discard(visit: Visit) -> web.StreamResponse:
    await visit.ctx.store.drafts.drop(visit.who.user)
    return go("/console/editing")


async def plan(visit: Visit) -> web.StreamResponse:
    """What publishing a draft would change, for whom, and what comes; also of somebody else's."""
    draft = await draft_of(visit.ctx, visit.request.query.get("of") or visit.who.user)
    whole = await contents(visit.ctx, draft)
    try:
        made = await make(
            visit.ctx, whole, Base(draft.base, draft.base_hash), author=visit.who.name
        )
    except Mistakes as found:
        return visit.page("plan.html", status=422, mistakes=found.mistakes)
    return visit.page("plan.html", **shown(made), whose=draft.id, mine=draft.id == visit.who.user)


async def move_on(visit: Visit) -> web.StreamResponse:
    """Take the draft along to what somebody else has published meanwhile."""
    both = await moved_on(visit.ctx, await draft_of(visit.ctx, visit.who.user))
    visit.about = "、".join(both)[:100]
    if both:
        return visit.page("plan.html", status=409, clash=both)
    return go("/console/editing/plan")


async def publish(visit: Visit) -> web.StreamResponse:
    """Make the draft live; refused, with the reason, where the command would refuse."""
    sent = await visit.form()
    draft = await draft_of(visit.ctx, visit.who.user)
    visit.about = sent.get("note", "")[:100]
    try:
        done = await apply(
            visit.ctx,
            await contents(visit.ctx, draft),
            Base(draft.base, draft.base_hash),
            author=visit.who.name,
            note=sent.get("note", "")[:200],
        )
    except Mistakes as found:
        return visit.page("plan.html", status=422, mistakes=found.mistakes)
    except (HeadMoved, BehindLive, Emptied, Frozen, NotApproved) as refused:
        return visit.page("error.html", status=409, why=str(refused))
    if done.changed:
        await settle(visit.ctx, done.book)
    await visit.ctx.store.drafts.drop(visit.who.user)
    return go(f"/console/releases?published={done.n}")


async def consent(visit: Visit) -> web.StreamResponse:
    """Whoever is signed in approves what they are looking at, if they are one of those asked."""
    whose = (await visit.form()).get("of") or visit.who.user
    draft = await draft_of(visit.ctx, whose)
    whole = await contents(visit.ctx, draft)
    team = (await visit.ctx.releases.head()).book.team
    visit.about = whole.hash[:8]
    try:
        await approve(visit.ctx, whole, team.name_of(visit.who.user), typed_by=visit.who.user)
    except (Mistakes, PermissionError) as refused:
        return visit.page("error.html", status=409, why=str(refused))
    return go("/console/editing/plan?" + urlencode({"of": whose}))


def _sent(form: Mapping[str, str]) -> tuple[str, str]:
    """The file and its text, with the line ends of the folder; 404 for what is no file."""
    path, text = form.get("path", ""), form.get("text", "").replace("\r\n", "\n")
    if not _PATH.fullmatch(path) or len(text) > _LONGEST:
        raise web.HTTPNotFound
    return path, text


def _offered(
    files: Mapping[str, str], text: str, line: int, column: int
) -> tuple[str, list[Offer]]:
    """By the names the folder declares, whatever is wrong in it."""
    return complete(text, line, column, schema(catalogue_of(read_texts(files)), language_of(text)))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _row(mistake: Mistake) -> dict[str, object]:
    return {
        "line": mistake.line,
        "column": mistake.column,
        "endColumn": mistake.end_column,
        "level": mistake.level,
        "text": mistake.text,
        "cure": mistake.cure,
    }


ROUTES: Final = (
    Route("GET", "/console/editing", "edit", page),
    Route("GET", "/console/editing/file", "edit", file),
    Route("GET", "/console/editing/sop", "edit", of_sop),
    Route("POST", "/console/editing/check", "edit", check, did=marked("检查文件"), keeps=False),
    Route("POST", "/console/editing/words", "edit", words, did=marked("补全"), keeps=False),
    Route("POST", "/console/editing/save", "edit", save, did=marked("保存草稿")),
    Route("POST", "/console/editing/remove", "edit", remove, did=marked("从草稿里删除文件")),
    Route("POST", "/console/editing/discard", "edit", discard, did=marked("丢弃草稿")),
    Route("GET", "/console/editing/plan", "edit", plan),
    Route("POST", "/console/editing/move-on", "edit", move_on, did=marked("把草稿移到新版上")),
    Route("POST", "/console/editing/approve", "edit", consent, did=marked("批准发布")),
    Route("POST", "/console/editing/publish", "publish", publish, did=marked("发布")),
)
