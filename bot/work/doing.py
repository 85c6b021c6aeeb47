"""Do long work under a lease that is renewed, and write down what came of it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.context import Context
from bot.crash import crash_point
from bot.store.client import MongoError
from bot.store.due import LEASE_SECONDS
from bot.store.work import State, Work
from bot.wecom.errors import WeComError
from bot.work.job import Cancelled, CannotWork, Job, Lost, Result
from bot.work.kinds import KINDS, run_of

log = logging.getLogger(__name__)

HANDS: tuple[str, ...] = ("work", "work 2", "work 3")  # duties: what is short need not wait
MOST_BEGUN = 3  # whoever takes the process down with it is not begun for ever


async def begin(ctx: Context, kind: str, args: Mapping[str, Any], by: str) -> str:
    """Have it done; its id, whose page is /console/work/{id}.

    The same wish of the same person gives the same id while it is under way. KeyError for a kind
    that does not exist; ``args`` are plain JSON.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    work_id = await ctx.store.work.begin(kind, args, by, ctx.now())
    ctx.hints.ring(*HANDS)
    return work_id


async def do_next(ctx: Context) -> bool:
    """Do the next piece of work that waits, all of it; False: none waits."""
    if ctx.hints.stopping:
        return False
    owner, work = await ctx.store.work.claim(ctx.now())
    if work is None:
        return False
    crash_point("work.claimed")
    if work.cancel:
        await _end(ctx, owner, work, "已取消", "")
    elif work.begun > MOST_BEGUN:
        says = f"开始了 {MOST_BEGUN} 次都没有做完，程序每次都中途停了：请看日志，或缩小范围再试。"
        await _end(ctx, owner, work, "失败", says)
    else:
        await _do(ctx, owner, work)
    return True


async def _do(ctx: Context, owner: str, work: Work) -> None:
    job = Job(ctx, owner, work.id, work.by)
    try:
        async with _renewed(ctx, owner, work.id):
            result = await run_of(work.kind)(ctx, work.args, job)
            crash_point("work.done")
            await _succeed(ctx, owner, work, result)
    except Lost:
        await ctx.store.work.let_go(owner, work.id)
    except Cancelled:
        await _end(ctx, owner, work, "已取消", "")
    except (CannotWork, WeComError) as error:
        await _end(ctx, owner, work, "失败", str(error))
    except MongoError:
        raise  # nothing can be written down now: when the lease is over it is begun again
    except Exception as error:
        log.exception("work %s (%s) failed", work.id, work.kind)
        says = f"程序出错（{type(error).__name__}），日志里有 {work.id} 的详情。"
        await _end(ctx, owner, work, "失败", says)


async def _succeed(ctx: Context, owner: str, work: Work, result: Result) -> None:
    kept = {}
    if made := result.file:
        kept = await ctx.store.work.keep_file(work.id, made.name, made.content_type, made.data)
    figures = dict(result.figures) | ({"see": result.see} if result.see else {})
    await _end(ctx, owner, work, "完成", result.says, figures, kept)


async def _end(
    ctx: Context,
    owner: str,
    work: Work,
    state: State,
    says: str,
    figures: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
) -> None:
    ended = await ctx.store.work.finish(owner, work.id, state, ctx.now(), says, figures, file)
    if ended:
        log.info("work %s (%s): %s", work.id, work.kind, state, extra={"action": "work"})


@asynccontextmanager
async def _renewed(ctx: Context, owner: str, work_id: str) -> AsyncIterator[None]:
    """The lease lasts as long as the work does."""

    over = asyncio.Event()

    async def renew() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEASE_SECONDS / 3):
                    await over.wait()
            with contextlib.suppress(MongoError):  # the next try may still be in time
                await ctx.store.work.due.renew(owner, [work_id])

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        over.set()
        await renewing
