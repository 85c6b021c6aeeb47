"""The story of one 分流试验: who was drawn into what, what was counted, who decided."""

from collections.abc import Iterable

from bot.context import Context
from bot.model import Experiment
from bot.story.lines import Line, Story, logged, people, story

_STANDS = {
    "running": "进行中",
    "asking": "等负责人确认",
    "decided": "已有结论，等推广",
    "over": "已结束",
}


async def of_experiment(ctx: Context, name: str) -> Story | None:
    experiment = await ctx.store.experiments.get(name)
    if experiment is None:
        return None
    lines = [*_of(experiment), *logged(await ctx.store.log.of(name))]
    title = f"试验“{name}”（SOP“{experiment.sop}”）：{_STANDS[experiment.state]}"
    return story(title, lines, await people(ctx))


def _of(experiment: Experiment) -> Iterable[Line]:
    yield Line(experiment.started_at, "第一位客户进入试验")
    if experiment.counted_at:
        for arm in experiment.counts:
            yield Line(experiment.counted_at, _counted(arm))
        if experiment.finding:
            yield Line(experiment.counted_at, f"结论：{experiment.finding}，{experiment.why}")
    if experiment.decided_at:
        who = f"由 {experiment.decided_by} 确认" if experiment.decided_by else "按规则自动确定"
        yield Line(experiment.decided_at, f"用“{experiment.verdict}”，{who}")


def _counted(arm: dict[str, object]) -> str:
    said = f"“{arm['arm']}”：分到 {arm.get('enrolled', 0)} 人，满期 {arm.get('n', 0)} 人"
    said += f"，其中 {arm.get('hits', 0)} 人达成"
    chance = arm.get("chance")
    return f"{said}，胜率 {chance:.1%}" if isinstance(chance, float) else said
