"""Every endpoint of the pretend WeCom; simulator/README.md lists them and a test compares."""

from simulator.api import (
    access,
    acquisition,
    cards,
    contact,
    group_welcome,
    groupchat,
    groupmsg,
    groupstat,
    leavers,
    media,
    members,
    message,
    moment,
    tag,
    way,
    welcome,
)
from simulator.api.endpoint import Endpoint

ENDPOINTS: dict[str, Endpoint] = {
    endpoint.path: endpoint
    for module in (
        access,
        members,
        contact,
        tag,
        way,
        welcome,
        groupchat,
        groupmsg,
        moment,
        message,
        cards,
        media,
        acquisition,
        leavers,
        groupstat,
        group_welcome,
    )
    for endpoint in module.ENDPOINTS
}
