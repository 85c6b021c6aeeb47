"""Publish the release in which the arm of the verdict has taken its experiment's place."""

from datetime import timedelta

from bot.context import Context
from bot.crash import crash_point
from bot.model import Experiment
from bot.playbook.split import experiment_in
from bot.publish.comparing import contents_of
from bot.publish.publishing import HeadMoved, publish
from config.loader import load_texts
from config.mistakes import Mistakes
from config.promotion import NotThere, promoted, with_arm

AUTHOR = "分流试验"
_TRIES = 5  # before others stop publishing at the same moment
_CLOCKS_APART = timedelta(hours=1)
_BY_HAND = "请负责人在 SOP 里把试验换成这个方案的步骤"


async def promote(ctx: Context, experiment: Experiment) -> tuple[int, str]:
    """The release, once and for all; (0, why there is none).

    Needs no approval of its own: every word of the arm was live before. What others publish
    meanwhile is kept. Raises HeadMoved when they never stop.
    """
    note = f"试验“{experiment.id}”：推广“{experiment.verdict}”"
    for _ in range(_TRIES):
        ctx.releases.forget()
        n = (await ctx.releases.head()).n
        if done := await _done_before(ctx, experiment, n, note):
            return done, ""
        contents = await contents_of(ctx.store, n)
        book = load_texts(contents.files)
        found = experiment_in(book, experiment.id)
        if found is None:
            return 0, "SOP 里已经没有这个试验，没有再发布"
        sop, _split = found
        try:
            files = promoted(contents.files, experiment.id, experiment.verdict)
            wanted = with_arm(sop, experiment.id, experiment.verdict)
            if load_texts(files).sops[sop.name] != wanted:
                return 0, f"这个文件的写法系统改不好，{_BY_HAND}"
        except NotThere:
            return 0, f"试验里已经没有“{experiment.verdict}”，{_BY_HAND}"
        except Mistakes as found_wrong:
            why = next(m.text for m in found_wrong if m.level == "错误")
            return 0, f"改好的文件通不过检查（{why}），{_BY_HAND}"
        crash_point("verdicts.written")
        try:
            made, _ = await publish(
                ctx.store,
                files,
                contents.pictures,
                base=n,
                author=AUTHOR,
                note=note,
                now=ctx.now(),
            )
        except HeadMoved:
            continue
        ctx.releases.forget()
        return made, ""
    raise HeadMoved(f"experiment {experiment.id}: others publish all the time")


async def _done_before(ctx: Context, experiment: Experiment, head: int, note: str) -> int:
    """The release we made before we died, rolled back since or not; 0 when there is none."""
    for n in range(head, 0, -1):
        release = await ctx.store.releases.get(n)
        if (release.author, release.note) == (AUTHOR, note):
            return n
        decided_at = experiment.decided_at or experiment.started_at
        if release.published_at < decided_at - _CLOCKS_APART:
            return 0
    return 0
