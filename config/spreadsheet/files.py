"""Write what a spreadsheet calendar said as YAML files: SOPs, and what they refer to."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.book import Book
from config.checks import MAX_TEXT_BYTES
from config.phrases import RECURRING, On, OnDay, When, in_words
from config.spreadsheet.calendar import Calendar, Entry, Note
from config.spreadsheet.cells import Unread
from config.spreadsheet.declared import Declared, file_name, is_everybody
from config.spreadsheet.words import in_our_words
from config.spreadsheet.yaml import Lines, listed, quoted, texted
from config.tidy import tidy

NOBODY = "待定"
MOST_STEPS = 200


@dataclass(slots=True)
class Written:
    """The files by name, and what has to be copied beside them (file → where to)."""

    texts: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)


def write(
    calendar: Calendar, *, name: str, source: str, known: Book, files: Collection[str]
) -> Written:
    """``known``: what the folder says already; ``files``: what lies beside the spreadsheet.

    Adds to the notes of ``calendar`` what could not be written and what was assumed.
    """
    return _Writing(calendar, name, source, known, files).all()


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows that make one SOP."""

    sheet: str
    subject: str
    audience: str
    dated: bool


class _Writing:
    def __init__(
        self, calendar: Calendar, name: str, source: str, known: Book, files: Collection[str]
    ) -> None:
        self._calendar = calendar
        self._name = name
        self._source = source
        self._known = known
        self._texts: dict[str, str] = {}
        self._declared = Declared(name, known, files)

    def all(self) -> Written:
        plans: dict[_Plan, list[tuple[Entry, When]]] = {}
        for entry in self._calendar.entries:
            for moment in entry.moments:
                try:
                    plan = self._plan_of(entry, moment)
                except Unread as why:
                    self._refuse(entry, why.text, why.cure)
                else:
                    plans.setdefault(plan, []).append((entry, moment))
        for plan, rows in plans.items():
            rows.sort(key=lambda row: _in_order(row[1]))
            for part, start in enumerate(range(0, len(rows), MOST_STEPS), 1):
                self._sop(plan, rows[start : start + MOST_STEPS], part)
        if not plans:
            return Written()
        if self._declared.people and not self._known.team.people:
            note = "“团队.yaml”里的账号先写成了姓名，请换成企业微信里的账号"
            self._calendar.assumed.append(Note("全部", 0, "", note))
        texts = self._texts | self._declared.texts()
        return Written({name: tidy(text) for name, text in texts.items()}, self._declared.copies)

    def _plan_of(self, entry: Entry, moment: When) -> _Plan:
        """Raises Unread when our language cannot say it."""
        if len(entry.text.encode()) > MAX_TEXT_BYTES:
            text = f"内容有 {len(entry.text.encode())} 字节，企业微信一条最多 {MAX_TEXT_BYTES} 字节"
            raise Unread(text, "删短一些，或拆成几行")
        about_group = "群" in entry.audience or "群" in entry.sheet
        if entry.mode == "客户群" or (entry.mode == "任务" and about_group):
            if isinstance(moment, OnDay):
                text = f"群里没有“{in_words(moment)}”：每个群建的时间不一样"
                raise Unread(text, "写成日期或星期，例如 2026-12-01 或 每周三")
            return _Plan(entry.sheet, "客户群", _bare(entry.audience), dated=True)
        if isinstance(moment, RECURRING):
            text = f"不能按“{in_words(moment)}”一直发给客户"
            raise Unread(text, "写成第几天或日期；要发到群就在“渠道”里写：群")
        return _Plan(entry.sheet, "客户", _bare(entry.audience), dated=isinstance(moment, On))

    def _refuse(self, entry: Entry, text: str, cure: str) -> None:
        note = Note(entry.sheet, entry.row, "", text, cure)
        if note not in self._calendar.unread:
            self._calendar.unread.append(note)

    def _assume(self, entry: Entry, text: str) -> None:
        note = Note(entry.sheet, entry.row, "", text)
        if note not in self._calendar.assumed:
            self._calendar.assumed.append(note)

    # ---- one SOP --------------------------------------------------------------------------------

    def _sop(self, plan: _Plan, rows: Sequence[tuple[Entry, When]], part: int) -> None:
        name = self._sop_name(plan, part)
        lines = Lines()
        lines.add(0, f"SOP: {quoted(name)}")
        lines.add(0, f"版本说明: {quoted(f'由 {self._source} 导入，请核对后再启用')}")
        lines.add(0, f"负责人: {quoted(self._owner([entry for entry, _ in rows]))}")
        lines.add(0, "状态: 草稿")
        lines.add(0, f"对象: {plan.subject}")
        lines.add(0, "")
        lines.add(0, "进入:")
        self._entry(name, plan, rows[0][0], lines)
        lines.add(0, "")
        lines.add(0, "步骤:")
        names = Counter[str]()
        for number, (entry, moment) in enumerate(rows):
            if number:
                lines.add(0, "")
            self._step(plan, entry, moment, _unique(_step_name(entry, moment), names), lines)
        self._texts[f"{file_name(name)}.yaml"] = lines.text()

    def _sop_name(self, plan: _Plan, part: int) -> str:
        several = len({entry.sheet for entry in self._calendar.entries}) > 1
        parts = [self._name, _bare(plan.sheet)] if several else [self._name]
        if plan.audience and (plan.subject == "客户群" or not is_everybody(plan.audience)):
            parts.append(plan.audience)
        if plan.subject == "客户" and plan.dated:
            parts.append("按日期")
        if part > 1:
            parts.append(str(part))
        taken = {*self._known.sops, *(n.removesuffix(".yaml") for n in self._texts)}
        name = "-".join(parts)[:50]
        return next(n for n in (name, *(f"{name}（{i}）" for i in range(2, 999))) if n not in taken)

    def _owner(self, entries: Sequence[Entry]) -> str:
        """Who is named most often; an SOP has one owner."""
        named = Counter(entry.owner for entry in entries if entry.owner)
        known = self._known.team.people
        owner = named.most_common(1)[0][0] if named else ""
        if len(named) > 1:
            self._assume(
                entries[0], f"一个 SOP 只有一位负责人：写了{'、'.join(named)}，取“{owner}”"
            )
        if known and owner not in known:
            first = next(iter(known))
            said = f"负责人“{owner}”不在“团队”文件的“人员”里" if owner else "没写负责人"
            self._assume(entries[0], f"{said}，先写成“{first}”")
            return first
        if not owner:
            self._assume(entries[0], f"没写负责人，先写成“{NOBODY}”")
        self._declared.people[owner or NOBODY] = None
        return owner or NOBODY

    def _entry(self, sop: str, plan: _Plan, entry: Entry, lines: Lines) -> None:
        if plan.subject == "客户群":
            lines.add(1, "当: 群属于主题")
            lines.add(1, f"主题: {quoted(self._theme(sop, plan, entry))}")
            return
        if plan.dated:
            lines.add(1, "当: 每天 08:00 检查人群")
            self._assume(entry, "按日期发给客户：每天 08:00 检查人群，符合条件的客户都进入")
        else:
            lines.add(1, "当: 添加好友")
        if tags := self._declared.tags_of(plan.audience):
            self._assume(entry, f"对象“{plan.audience}”当作有标签“{'、'.join(tags)}”的客户")
            lines.add(1, "条件:")
            depth = 2 if len(tags) == 1 else 4
            if depth == 4:
                lines.add(2, "- 任一:")
            for tag in tags:
                lines.add(depth, f"- 有标签: {quoted(tag)}")

    def _theme(self, sop: str, plan: _Plan, entry: Entry) -> str:
        name = plan.audience or sop
        if self._declared.theme(name):
            why = f"群“{name}”" if plan.audience else "没写是哪些群"
            self._assume(entry, f"{why}：当作群名里有“{name}”的群")
        return name

    # ---- one step -------------------------------------------------------------------------------

    def _step(self, plan: _Plan, entry: Entry, moment: When, name: str, lines: Lines) -> None:
        lines.add(1, f"# {self._source} 表“{entry.sheet}”第 {entry.row} 行")
        if entry.note:
            lines.add(1, f"# 备注：{' '.join(entry.note.split())}")
        materials, missing = self._attachments(entry, name)
        for file in missing:
            lines.add(1, f"# 附件没有导入：{' '.join(file.split())}")
        lines.add(1, f"- 步骤: {quoted(name)}")
        lines.add(2, f"何时: {in_words(moment)}")
        if plan.subject == "客户" and plan.dated:
            lines.add(2, "错过时: 跳过")
        if entry.mode == "任务":
            self._task(plan, entry, name, lines)
            return
        lines.add(2, f"{'发到群' if plan.subject == '客户群' else '发给客户'}:")
        text = self._text(entry, plan)
        if text or not materials:
            texted("文案", text or _step_name(entry, moment), 3, lines)
        else:
            lines.add(3, f"素材: {quoted(materials.pop(0))}")
        if materials:
            lines.add(3, f"附件: {listed(materials[:9])}")
        lines.add(3, f"由: {'群主' if plan.subject == '客户群' else '跟进人'}")
        if entry.marketing:
            lines.add(3, "类型: 营销")

    def _attachments(self, entry: Entry, step: str) -> tuple[list[str], list[str]]:
        """The materials of a row, and the names of files that are not there."""
        found, missing = [], []
        for link in entry.links:
            if name := self._declared.link(f"链接-{step}", (entry.title or step)[:42], link):
                found.append(name)
            else:
                text = f"“{link[:40]}”不是网址"
                self._refuse(entry, text, "网址以 https:// 开头；小程序请另外写成素材")
        for file in entry.attachments:
            if name := self._declared.file(file):
                found.append(name)
            else:
                missing.append(file)
                text = f"没有找到附件“{file[:40]}”，这一步先不带附件"
                self._refuse(entry, text, "把文件和表格放在一起，文件名写全，再导入一次")
        return found, missing

    def _task(self, plan: _Plan, entry: Entry, name: str, lines: Lines) -> None:
        """A short text is the task; a long one is what to say, ready to forward."""
        text = self._text(entry, plan)
        lines.add(2, "派任务:")
        if len(text) <= 60 and "\n" not in text:
            lines.add(3, f"标题: {quoted(text or name)}")
        else:
            lines.add(3, f"标题: {quoted(entry.title or name)}")
            lines.add(3, f"素材: {quoted(self._declared.text(f'话术-{name}', text))}")
        lines.add(3, f"给: {'群主' if plan.subject == '客户群' else '跟进人'}")
        lines.add(3, "完成依据:")
        lines.add(4, "- 按钮: 已完成")
        lines.add(3, "期限: 1个工作日")
        self._assume(entry, "任务没写怎样算完成：点“已完成”，期限 1 个工作日")

    def _text(self, entry: Entry, plan: _Plan) -> str:
        text, assumed = in_our_words(entry.text, to_group=plan.subject == "客户群")
        for what in assumed:
            self._assume(entry, what)
        return text


def _in_order(moment: When) -> tuple[Any, ...]:
    at = getattr(moment, "at", None)
    match moment:
        case OnDay(day):
            return (0, day, at)
        case On(day):
            return (1, day.toordinal(), at)
    return (2, getattr(moment, "weekday", getattr(moment, "day", -1)), at)


def _step_name(entry: Entry, moment: When) -> str:
    """The title, else the first words of the text; with the weekday where there are several."""
    said = entry.title or entry.text or (entry.attachments or entry.links or ("",))[0]
    line = re.sub(r"\{[^{}]*\}|[{}\[\]#\"'|]", "", said.split("\n")[0]).strip()
    first = line if entry.title else re.split("[，。！？,!?～~：:]", line)[0]
    name = first.strip()[:20] or in_words(moment)
    return f"{name}（{in_words(moment).split()[0]}）" if len(entry.moments) > 1 else name


def _unique(name: str, names: Counter[str]) -> str:
    names[name] += 1
    return name if names[name] == 1 else f"{name} {names[name]}"


def _bare(audience: str) -> str:
    return " ".join(audience.split())[:30]
