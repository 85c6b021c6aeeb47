"""导入: upload the spreadsheet people plan in, and see row by row what was made of it."""

import hashlib
from typing import Final

from aiohttp import BodyPartReader, web

from bot.work import begin
from config.spreadsheet.calendar import MOST_BYTES
from console.language import marked
from console.site import Route, Visit, go

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TOO_LARGE: Final = marked("文件太大了：最大 10 MB，请拆成几个再导入。")
_NOTHING: Final = marked("没有收到文件：请选一个 .xlsx 排期表。")


async def page(visit: Visit) -> web.StreamResponse:
    return visit.page(
        "import_new.html",
        earlier=await visit.ctx.store.work.latest_of("import", visit.who.user, 10),
    )


async def start(visit: Visit) -> web.StreamResponse:
    """Keep the file for a day and have it read; the same file twice is read once."""
    name, content = await _uploaded(visit)
    visit.about = name
    if not name.lower().endswith(".xlsx") or not content:
        return visit.page("error.html", status=400, why=_NOTHING)
    if len(content) > MOST_BYTES:
        return visit.page("error.html", status=413, why=_TOO_LARGE)
    upload = f"upload:{hashlib.sha256(content).hexdigest()}"
    await visit.ctx.store.work.keep_file(upload, name, _XLSX, content)
    args = {"upload": upload, "name": name}
    return go(f"/console/work/{await begin(visit.ctx, 'import', args, visit.who.user)}")


async def one(visit: Visit) -> web.StreamResponse:
    """What was made of it, row by row; 404 for what is none of the reader's."""
    work = await visit.ctx.store.work.get(visit.request.match_info["id"])
    ours = work is not None and work.kind == "import" and work.by == visit.who.user
    if work is None or not ours or "files" not in work.result:
        raise web.HTTPNotFound
    return visit.page("import.html", work=work, found=work.result)


async def _uploaded(visit: Visit) -> tuple[str, bytes]:
    """The name and content of the one file of the form, at most a byte more than is allowed."""
    if not visit.request.content_type.startswith("multipart/"):
        return "", b""
    async for part in await visit.request.multipart():
        if not isinstance(part, BodyPartReader) or part.name != "calendar":
            continue
        content = bytearray()
        while len(content) <= MOST_BYTES and (chunk := await part.read_chunk()):
            content += chunk
        return (part.filename or "").replace("\\", "/").rpartition("/")[2][:100], bytes(content)
    return "", b""


ROUTES: Final = (
    Route("GET", "/console/import", "edit", page),
    Route("POST", "/console/import", "edit", start, did=marked("从表格导入")),
    Route("GET", "/console/import/{id}", "edit", one),
)
