"""Every endpoint of the pretend WeCom; simulator/README.md lists them and a test compares."""

from simulator.api import (
    access,
    cards,
    contact,
    groupchat,
    groupmsg,
    media,
    members,
    message,
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
        message,
        cards,
        media,
    )
    for endpoint in module.ENDPOINTS
}
