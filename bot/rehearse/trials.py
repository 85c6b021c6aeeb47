"""分流试验 in a rehearsal: who is drawn into which arm, the one look, and what its owner decides.

Simpler than production in one thing: the release in which the winner takes the experiment's place
is left out; everybody walks the winner by the verdict itself.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Release
from bot.model import Assignment, Experiment, Fact, Journey
from bot.playbook import keys, split
from bot.playbook.split import Ruling, bucket_of, splits, window
from bot.playbook.verdict import (
    COUNT_EVERY,
    Finding,
    Tally,
    counted,
    finding_of,
    is_counted,
    kept,
    measured_by,
    next_look,
)
from bot.rehearse.stage import Stage
from config.sop import Sop, Split

DECIDES_AFTER = timedelta(days=1)  # the owner, who does what the card proposes


def draw(stage: Stage, trial: Split, journey: Journey) -> None:
    """The arm of who comes to an experiment without a verdict, that of their first time."""
    if trial.name in stage.rulings or (trial.name, journey.subject) in stage.drawn:
        return
    stage.drawn[trial.name, journey.subject] = Assignment(
        id=f"{trial.name}:{journey.subject}",
        experiment=trial.name,
        subject=journey.subject,
        arm=split.draw(trial, journey.subject),
        bucket=bucket_of(trial.name, journey.subject),
        staff=journey.staff,
        journey=journey.id,
        at=stage.now,
    )
    stage.enrolled.add(journey.subject)
    if trial.name not in stage.experiments:
        begun = Experiment(
            id=trial.name, sop=journey.sop, started_at=stage.now, since=stage.now, due_at=stage.now
        )
        stage.experiments[trial.name] = begun
        stage.agenda.put("experiments", trial.name, stage.now + COUNT_EVERY)


def arms_of(stage: Stage, journey: Journey, text: Release, sop: Sop) -> dict[str, str]:
    """Experiment → the arm drawn."""
    if not stage.drawn:
        return {}
    names = stage.trials.get((text.n, sop.name))
    if names is None:
        names = stage.trials[text.n, sop.name] = tuple(trial.name for _, trial in splits(sop))
    found = ((name, stage.drawn.get((name, journey.subject))) for name in names)
    return {name: one.arm for name, one in found if one}


def look(stage: Stage, name: str) -> None:
    """An experiment that is due: counted, concluded, or decided by its owner."""
    experiment = stage.experiments[name]
    trial = _find(stage, name)
    if trial is None:
        stage.agenda.put("experiments", name, stage.now + COUNT_EVERY)
    elif experiment.state == "asking":
        arm = experiment.proposed or experiment.kept
        _decide(stage, experiment, arm, "负责人决定")
    elif experiment.state == "running":
        _observe(stage, experiment, trial)


def _observe(stage: Stage, experiment: Experiment, trial: Split) -> None:
    hours, now, name = stage.hours, stage.now, experiment.id
    people = [one for (of, _), one in stage.drawn.items() if of == name]
    tallies = _count(stage, trial, people)
    finding = finding_of(trial, experiment, tallies, hours, now)
    counts = tuple(kept(trial, tallies, finding))
    experiment = replace(experiment, counts=counts, counted_at=now)
    stage.experiments[name] = experiment
    if finding is None:
        enough = [_nth(people, arm.name, trial.at_least) for arm in trial.arms]
        again = next_look(trial, experiment, enough, hours, now)
        stage.agenda.put("experiments", name, again)
        return
    _conclude(stage, experiment, trial, finding)


def _conclude(stage: Stage, experiment: Experiment, trial: Split, finding: Finding) -> None:
    told = replace(
        experiment,
        finding=finding.kind,
        why=finding.why,
        kept=trial.undecided,
        proposed=finding.arm,
    )
    if trial.after == "自动推广" and finding.kind != "不作数":
        _decide(stage, told, finding.arm or trial.undecided, f"{finding.kind}：{finding.why}")
        return
    stage.experiments[experiment.id] = replace(told, state="asking", asked=1)
    stage.agenda.put("experiments", experiment.id, stage.now + DECIDES_AFTER)


def _decide(stage: Stage, experiment: Experiment, arm: str, why: str) -> None:
    """Everybody who waits goes on, along the arm."""
    name, now = experiment.id, stage.now
    done = replace(experiment, state="over", verdict=arm, decided_at=now, due_at=None)
    stage.experiments[name] = done
    stage.rulings[name] = Ruling(arm, now)
    stage.note("", name, f"试验“{name}”：所有人走“{arm}”（{why}）")
    key = keys.experiment(name)
    waiting = [j.id for j in stage.journeys.values() if key in j.keys and j.state == "active"]
    for id in waiting:
        stage.agenda.hasten("journeys", id, now)
        journey = stage.journeys[id]
        stage.journeys[id] = replace(journey, due_at=min(journey.due_at or now, now))
    fact = Fact(id=f"experiment:{name}", keys=(key,), subject="", at=now, data={"arm": arm})
    stage.facts[""].append(fact)
    stage.enrolled -= {subject for of, subject in stage.drawn if of == name}


def _count(stage: Stage, trial: Split, people: list[Assignment]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    asked = dict.fromkeys([trial.metric.what, *([trial.guardrail.what] if trial.guardrail else [])])
    for who in people:
        happened: dict[str, list[datetime]] = defaultdict(list)
        if who.at + window(trial) <= stage.now:
            for fact in stage.facts.get(who.subject, ()):
                for what in asked:
                    if measured_by(what, who) in fact.keys and is_counted(fact, what):
                        happened[what].append(fact.at)
        before = tallies.get(who.arm, Tally(arm=who.arm))
        tallies[who.arm] = counted(before, trial, who, happened, stage.now)
    return tallies


def _nth(people: list[Assignment], arm: str, n: int) -> datetime | None:
    drawn = sorted(one.at for one in people if one.arm == arm)
    return drawn[n - 1] if len(drawn) >= n else None


def _find(stage: Stage, name: str) -> Split | None:
    found = (t for sop in stage.book.sops.values() for _, t in splits(sop) if sop.state != "停用")
    return next((trial for trial in found if trial.name == name), None)
