"""The names of what journeys, exits and tasks may wait for; facts carry the same names."""


def tagged(subject: str, tag: str) -> str:
    """Somebody put ``tag`` ("组/名") on the customer."""
    return f"标签:{subject}:{tag}"


def tagged_in(subject: str, group: str) -> str:
    """Somebody put any tag of the tag group on the customer."""
    return f"标签组:{subject}:{group}"


def happened(subject: str, kind: str) -> str:
    """A posted business event: ``order``, ``visit`` …"""
    return f"{kind}:{subject}"


def lost(subject: str, staff: str) -> str:
    """The customer and this member of staff are no longer friends."""
    return f"删除好友:{subject}:{staff}"


def joined(subject: str, theme: str) -> str:
    """The customer was seen in a group of the theme."""
    return f"入群:{subject}:{theme}"


def task_closed(journey: str, step: str) -> str:
    """The task of this step came to an end: done, overdue or cancelled."""
    return f"任务:{journey}:{step}"


def mass_sent(journey: str) -> str:
    """WeCom says a mass message of this journey reached its customer or group."""
    return f"群发:{journey}"
