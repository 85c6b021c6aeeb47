"""The clock, the setup, the process, and what the README says of the endpoints."""

import ast
import asyncio
import re
import sys
from pathlib import Path

import aiohttp
import pytest

import simulator
from simulator.acts import ACTS
from simulator.faults import Kind
from simulator.setup import Behaviour, Limits
from tests.simulator.client import Sim

FOLDER = Path(simulator.__file__).parent
README = (FOLDER / "README.md").read_text()


async def test_everything_due_happens_in_order_of_time(sim: Sim) -> None:
    await sim.setup()
    for hour in (12, 10, 11):
        at = f"2026-11-02T{hour}:00:00+08:00"
        await sim.act("add_contact", staff="zhangli", name=f"{hour}点", at=at)
    state = await sim.next()
    assert state["now"] == "2026-11-02T00:00:00+00:00"
    assert state["next"] == "2026-11-02T02:00:00+00:00"
    assert (state["calls_in_flight"], state["callbacks_in_flight"]) == (0, 0)

    state = await sim.clock("2026-11-02T11:30:00+08:00")
    rows = (await sim.ledger())["customers"]
    assert [(row["name"], row["added_at"]) for row in rows] == [
        ("10点", "2026-11-02T02:00:00+00:00"),
        ("11点", "2026-11-02T03:00:00+00:00"),
    ]
    assert state["next"] == "2026-11-02T04:00:00+00:00"


async def test_the_clock_cannot_be_turned_back(sim: Sim) -> None:
    await sim.setup()
    await sim.clock("2026-11-02T12:00:00+08:00")

    with pytest.raises(ValueError, match="cannot be turned back"):
        await sim.clock("2026-11-02T11:00:00+08:00")


async def test_a_mistake_in_a_request_is_named(sim: Sim) -> None:
    with pytest.raises(ValueError, match=r"behaviour\.tapp"):
        await sim.setup(behaviour={"tapp": 1.0})
    await sim.setup()
    with pytest.raises(ValueError, match="do: one of"):
        await sim.act("dance")
    with pytest.raises(ValueError, match="edit_tags needs 'contact'"):
        await sim.act("edit_tags", staff="zhangli")
    with pytest.raises(ValueError, match="not external contact"):
        await sim.act("edit_tags", staff="zhangli", contact="wm1")


async def test_without_a_setup_there_is_no_company(sim: Sim) -> None:
    async with sim.http.get(f"{sim.base}/_sim/next") as answer:
        assert answer.status == 409


async def test_every_endpoint_is_in_the_readme_and_nothing_else(sim: Sim) -> None:
    listed = re.findall(r"^\| (GET|POST) ([a-z0-9_/]+) \|", README, re.MULTILINE)
    answered = await sim.get("endpoints")

    routed = [(endpoint["method"], endpoint["path"]) for endpoint in answered["endpoints"]]
    assert sorted(listed) == sorted(routed)
    assert len(listed) == len(set(listed))


async def test_every_listed_endpoint_answers(sim: Sim) -> None:
    await sim.setup()
    for endpoint in (await sim.get("endpoints"))["endpoints"]:
        body: dict[str, str] | None = {} if endpoint["method"] == "POST" else None
        answer = await sim.raw(endpoint["path"], body)
        assert isinstance(answer["errcode"], int), endpoint


@pytest.mark.parametrize(
    "name",
    [*Behaviour.model_fields, *ACTS, *Kind.__args__],  # type: ignore[attr-defined]
)
def test_every_act_fault_and_behaviour_is_in_the_readme(name: str) -> None:
    assert re.search(rf"^\|[^|]*(?<![\w-]){re.escape(name)}(?!\w)[^|]*\|", README, re.MULTILINE)


def test_the_limits_are_all_numbers_switches_or_names() -> None:
    for name, field in Limits.model_fields.items():
        assert field.default is not ..., name


def test_the_simulator_imports_nothing_of_ours() -> None:
    ours = {"bot", "handlers", "scheduler", "config", "console", "wechatpy", "tests"}
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not ours & {name.split(".")[0] for name in names}, path


async def test_the_process_says_where_it_listens_and_stops_when_told(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        "--port",
        "0",
        "--port-file",
        str(port_file),
        cwd=FOLDER.parent,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    said = re.fullmatch(r"simulator listening on (http://127\.0\.0\.1:(\d+))\n", line)
    assert said
    assert port_file.read_text() == said[2]
    async with aiohttp.ClientSession() as http, http.get(f"{said[1]}/_sim/endpoints") as answer:
        assert answer.status == 200

    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
