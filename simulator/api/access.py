"""Tokens and addresses."""

from simulator import signing_in
from simulator.api.args import Answer, Args, maybe, text
from simulator.api.endpoint import get
from simulator.refusal import Refusal
from simulator.simulation import Simulation
from simulator.tokens import SecretName


def gettoken(sim: Simulation, args: Args) -> Answer:
    corp_id, secret = maybe(args, "corpid"), maybe(args, "corpsecret")
    if not corp_id:
        raise Refusal(41002, "corpid missing")
    if not secret:
        raise Refusal(41004, "corpsecret missing")
    if corp_id != sim.setup.corp_id:
        raise Refusal(40013, "invalid corpid")
    name: SecretName
    if secret == sim.setup.agent_secret:
        name = "agent"
    elif secret == sim.setup.contact_secret:
        name = "contact"
    else:
        raise Refusal(40001, "invalid credential")
    token = sim.tokens.issue(name, sim.limits)
    return {"access_token": token.text, "expires_in": sim.tokens.seconds_left(token)}


def callback_addresses(sim: Simulation, args: Args) -> Answer:
    return {"ip_list": ["101.226.103.*", "101.226.62.*", "127.0.0.1"]}


def api_addresses(sim: Simulation, args: Args) -> Answer:
    return {"ip_list": ["182.254.11.176", "182.254.78.66"]}


def who_signs_in(sim: Simulation, args: Args) -> Answer:
    """P:91023."""
    return {"userid": signing_in.take(sim, text(args, "code"))}


ENDPOINTS = (
    get("auth/getuserinfo", who_signs_in, "agent token"),
    get("gettoken", gettoken, "nothing"),
    get("getcallbackip", callback_addresses),
    get("get_api_domain_ip", api_addresses),
)
