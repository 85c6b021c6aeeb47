"""The command that runs the 测试 beside the SOPs."""

import time
from typing import Annotated, Any

import typer

from bot.cli.terminal import AsJson, Folder, complain, folder_of, loaded, out, say, say_json
from bot.rehearse.cases import Result, run_all
from bot.rehearse.paper import beside


def run_tests(
    folder: Folder = None,
    sop: Annotated[list[str] | None, typer.Option(help="只测这个 SOP，可以写几个")] = None,
    as_json: AsJson = False,
) -> None:
    """运行文件夹里的“测试”：不对的，左边是期望、右边是实际经过；不需要网络和数据库。"""
    book = loaded(folder_of(folder), as_json=as_json)
    for name in sop or ():
        if name not in book.cases:
            written = "、".join(book.cases) or "（没有）"
            complain(f"“{name}”没有测试；写了测试的有：{written}", 2)
    began = time.perf_counter()
    results = list(run_all(book, sop or ()))
    milliseconds = (time.perf_counter() - began) * 1000
    failed = sum(not result.passed for result in results)
    if as_json:
        say_json([_row(result) for result in results])
    else:
        for result in results:
            _show(result)
        _sum_up(len(results), failed, milliseconds)
    if failed:
        raise typer.Exit(1)


def _show(result: Result) -> None:
    if result.passed:
        say(f"✓ {result.sop}：{result.case}", "green")
        return
    say(f"✗ {result.sop}：{result.case}", "red")
    for failure in result.failures:
        say(f"  {failure}")
    for text, wrong in beside(result, out.width):
        say(text, "red" if wrong else "")
    say("")


def _sum_up(cases: int, failed: int, milliseconds: float) -> None:
    if not cases:
        say("这个文件夹里没有“测试”；写法见 docs/sop-language.md")
    elif failed:
        say(f"{cases} 个用例，{failed} 个不对（{milliseconds:.0f} 毫秒）", "red")
    else:
        say(f"{cases} 个用例都对（{milliseconds:.0f} 毫秒）", "green")


def _row(result: Result) -> dict[str, Any]:
    return {
        "sop": result.sop,
        "case": result.case,
        "passed": result.passed,
        "failures": list(result.failures),
        "timeline": [
            {"at": row.at.isoformat(), "expected": row.expected, "actual": row.actual}
            for row in result.rows
        ],
    }
