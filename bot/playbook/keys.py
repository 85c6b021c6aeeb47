"""The names of what journeys, exits and tasks may wait for; facts carry the same names.

Where a name may be left out ("" for any), a fact carries both keys: the one with the name and
the one without.
"""

TASK_CLOSED = "任务:"


def tagged(subject: str, tag: str) -> str:
    """Somebody put ``tag`` ("组/名") on the customer."""
    return f"标签:{subject}:{tag}"


def tagged_in(subject: str, group: str) -> str:
    """Somebody put any tag of the tag group on the customer."""
    return f"标签组:{subject}:{group}"


def untagged(subject: str, tag: str) -> str:
    """The last member of staff whose ``tag`` ("组/名") was on the customer took it off."""
    return f"去标签:{subject}:{tag}"


def untagged_in(subject: str, group: str) -> str:
    """The same for any tag of the tag group."""
    return f"去标签组:{subject}:{group}"


def happened(subject: str, kind: str) -> str:
    """What is counted or posted: ``order``, ``visit``, ``reply``, ``interaction`` …"""
    return f"{kind}:{subject}"


def stage(subject: str, system: str, stage: str) -> str:
    """The customer came to a stage of a KOC体系 ("" for any)."""
    return f"阶段:{subject}:{system}:{stage}"


def form(subject: str, form: str) -> str:
    """The customer handed in a form."""
    return f"表单:{subject}:{form}"


def attribute(subject: str, name: str) -> str:
    """A 客户属性 of the customer changed."""
    return f"属性:{subject}:{name}"


def lost(subject: str, staff: str) -> str:
    """The customer and this member of staff are no longer friends."""
    return f"删除好友:{subject}:{staff}"


def joined(subject: str, theme: str) -> str:
    """The customer was seen in a group of the theme ("" for any group)."""
    return f"入群:{subject}:{theme}"


def left_group(subject: str, theme: str) -> str:
    """The customer is no longer in a group of the theme ("" for any group)."""
    return f"退群:{subject}:{theme}"


def task_closed(journey: str, step: str) -> str:
    """The task of this step came to an end: done, overdue or cancelled."""
    return f"{TASK_CLOSED}{journey}:{step}"


def experiment(name: str) -> str:
    """A 分流试验 was decided."""
    return f"试验:{name}"


def mass_sent(journey: str) -> str:
    """WeCom says a mass message of this journey reached its customer or group."""
    return f"群发:{journey}"


def group_opened(theme: str) -> str:
    """Another group of the theme was seen in WeCom."""
    return f"新群:{theme}"
