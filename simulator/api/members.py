"""Staff and departments."""

from simulator.api.args import Answer, Args, text, whole
from simulator.api.endpoint import get
from simulator.company import Department, Staff
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def user_get(sim: Simulation, args: Args) -> Answer:
    staff = sim.company.working(text(args, "userid"))
    if staff is None:
        raise Refusal(60111, "userid not found")
    return _full(staff)


def user_simplelist(sim: Simulation, args: Args) -> Answer:
    return {
        "userlist": [
            {
                "userid": staff.userid,
                "name": staff.name,
                "department": staff.departments,
                "open_userid": "",
            }
            for staff in _crew(sim, args)
        ]
    }


def user_list(sim: Simulation, args: Args) -> Answer:
    return {"userlist": [_full(staff) for staff in _crew(sim, args)]}


def department_simplelist(sim: Simulation, args: Args) -> Answer:
    return {
        "department_id": [
            {"id": d.id, "parentid": d.parentid, "order": d.id} for d in _below(sim, args)
        ]
    }


def department_list(sim: Simulation, args: Args) -> Answer:
    return {"department": [_department(sim, d) for d in _below(sim, args)]}


def department_get(sim: Simulation, args: Args) -> Answer:
    return {"department": _department(sim, _known(sim, whole(args, "id", 0)))}


def _crew(sim: Simulation, args: Args) -> list[Staff]:
    """Of this department alone, unless fetch_child is asked for."""
    top = _known(sim, whole(args, "department_id", 0)).id
    wanted = {top}
    if whole(args, "fetch_child", 0):
        wanted = {d.id for d in _tree(sim, top)}
    return [staff for staff in sim.company.crew() if wanted & set(staff.departments)]


def _below(sim: Simulation, args: Args) -> list[Department]:
    top = whole(args, "id", 0)
    return _tree(sim, _known(sim, top).id) if top else list(sim.company.departments.values())


def _tree(sim: Simulation, top: int) -> list[Department]:
    found = [sim.company.departments[top]]
    for department in found:
        found += [d for d in sim.company.departments.values() if d.parentid == department.id]
    return found


def _known(sim: Simulation, department_id: int) -> Department:
    department = sim.company.departments.get(department_id)
    if department is None:
        raise Refusal(60123, "invalid department id")
    return department


def _department(sim: Simulation, department: Department) -> Answer:
    leaders = [s.userid for s in sim.company.crew() if s.leader and department.id in s.departments]
    return {
        "id": department.id,
        "name": department.name,
        "name_en": "",
        "parentid": department.parentid,
        "order": department.id,
        "department_leader": leaders,
    }


def _full(staff: Staff) -> Answer:
    return {
        "userid": staff.userid,
        "name": staff.name,
        "department": staff.departments,
        "order": [0] * len(staff.departments),
        "position": staff.position,
        "is_leader_in_dept": [int(staff.leader)] * len(staff.departments),
        "direct_leader": [],
        "main_department": staff.departments[0] if staff.departments else 1,
        "status": 1,
        "alias": "",
        "telephone": "",
        "extattr": {"attrs": []},
        "external_position": "",
    }


ENDPOINTS = (
    get("user/get", user_get),
    get("user/simplelist", user_simplelist),
    get("user/list", user_list),
    get("department/simplelist", department_simplelist),
    get("department/list", department_list),
    get("department/get", department_get),
)
