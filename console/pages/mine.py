"""我的任务: what the reader still has to do, with the words ready to copy."""

from typing import Final

from aiohttp import web

from console.site import Route, Visit


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    tasks = await ctx.store.tasks.open_of(visit.who.user)
    contacts = await ctx.store.contacts.many(t.subject for t in tasks)
    groups = await ctx.store.groups.many(t.subject for t in tasks)
    names = {id: one.name for id, one in contacts.items()}
    names |= {id: one.name for id, one in groups.items()}
    tasks.sort(key=lambda task: (task.deadline is None, task.deadline, task.created_at))
    return visit.page("mine.html", tasks=tasks, names=names, now=ctx.now())


ROUTES: Final = (Route("GET", "/console/mine", "own tasks", page),)
