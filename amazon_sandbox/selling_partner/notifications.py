"""The Notifications API: destinations and subscriptions by number are grantless, a store's own is not.

https://developer-docs.amazon.com/sp-api/docs/notifications-api-v1-reference
"""

import re
import uuid
from typing import Any

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.selling_partner.call import Call, Story, text_of
from amazon_sandbox.selling_partner.refusals import invalid, missing

QUEUE = re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w.-]{1,80}", re.ASCII)
KIND = re.compile(r"[A-Z][A-Z0-9_]{2,79}")


def _destinations(call: Call) -> Answer:
    client_id = call.grant.client_id
    listed = [
        each for (owner, _), each in list(call.world.business.destinations.items()) if owner == client_id
    ]
    return _payload(listed)


def _create_destination(call: Call) -> Answer:
    given = call.body()
    name, wanted = text_of(given, "name"), given.get("resourceSpecification")
    resource = _resource(wanted if isinstance(wanted, dict) else {}, name)
    destinations = call.world.business.destinations
    if any(
        each["resource"] == resource
        for (owner, _), each in list(destinations.items())
        if owner == call.grant.client_id
    ):
        raise Refused(known("spApi.conflict", why="There is a destination for this resource already."))
    number = str(uuid.uuid4())
    destination = {"name": name, "destinationId": number, "resource": resource}
    destinations[call.grant.client_id, number] = destination
    return _payload(destination)


def _resource(wanted: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a destination is made of: a queue, or an event bus by region and account. Raise Refused."""
    queue, bus = wanted.get("sqs"), wanted.get("eventBridge")
    if isinstance(queue, dict) and QUEUE.fullmatch(str(queue.get("arn"))):
        return {"sqs": {"arn": queue["arn"]}}
    if isinstance(bus, dict):
        region, account = text_of(bus, "region"), text_of(bus, "accountId")
        return {"eventBridge": {"name": name, "region": region, "accountId": account}}
    raise invalid("resourceSpecification must hold an sqs with its arn, or an eventBridge.")


def _destination(call: Call) -> Answer:
    return _payload(call.world.business.destinations[_destination_key(call)])


def _delete_destination(call: Call) -> Answer:
    del call.world.business.destinations[_destination_key(call)]
    return known("spApi.ok", {})


def _destination_key(call: Call) -> tuple[str, str]:
    key = (call.grant.client_id, call.path["destinationId"])
    if key not in call.world.business.destinations:
        raise missing("The destination was not found.")
    return key


def _subscriptions(call: Call) -> Answer:
    kinds = call.parameters().words("notificationTypes")
    found = [
        each
        for (*owner, kind), each in list(call.world.business.subscriptions.items())
        if owner == [call.grant.client_id, *call.store] and kind in kinds
    ]
    return _payload({"subscriptions": found})


def _subscription(call: Call) -> Answer:
    subscription = call.world.business.subscriptions.get(_subscription_key(call))
    if subscription is None:
        raise missing("The subscription was not found.")
    return _payload(subscription)


def _create_subscription(call: Call) -> Answer:
    key, given = _subscription_key(call), call.body()
    destination_id = text_of(given, "destinationId")
    if (call.grant.client_id, destination_id) not in call.world.business.destinations:
        raise invalid("destinationId is not known.")
    if key in call.world.business.subscriptions:
        raise Refused(known("spApi.conflict", why="There is a subscription for this notification already."))
    subscription = {
        "subscriptionId": str(uuid.uuid4()),
        "payloadVersion": text_of(given, "payloadVersion"),
        "destinationId": destination_id,
    }
    if isinstance(given.get("processingDirective"), dict):
        subscription["processingDirective"] = given["processingDirective"]
    call.world.business.subscriptions[key] = subscription
    return _payload(subscription)


def _subscription_by_id(call: Call) -> Answer:
    return _payload(call.world.business.subscriptions[_key_by_id(call)])


def _delete_subscription(call: Call) -> Answer:
    del call.world.business.subscriptions[_key_by_id(call)]
    return known("spApi.ok", {})


def _send_test(call: Call) -> Answer:
    """Take the request; the stand-in reaches no queue."""
    _subscription_key(call)
    return _payload({})


def _subscription_key(call: Call) -> tuple[str, str, str, str]:
    kind = call.path["notificationType"]
    if not KIND.fullmatch(kind):
        raise invalid("The notification type is not known.")
    return (call.grant.client_id, *call.store, kind)


def _key_by_id(call: Call) -> tuple[str, str, str, str]:
    """Return where the subscription with the path's number is kept: any store's of the application."""
    for key, each in list(call.world.business.subscriptions.items()):
        wanted = (call.grant.client_id, call.path["notificationType"], call.path["subscriptionId"])
        if (key[0], key[3], each["subscriptionId"]) == wanted:
            return key
    raise missing("The subscription was not found.")


def _payload(content: Any) -> Answer:
    return known("spApi.ok", {"payload": content})


STORIES: dict[str, Story] = {
    "notifications.getDestinations": _destinations,
    "notifications.createDestination": _create_destination,
    "notifications.getDestination": _destination,
    "notifications.deleteDestination": _delete_destination,
    "notifications.getSubscriptions": _subscriptions,
    "notifications.getSubscription": _subscription,
    "notifications.createSubscription": _create_subscription,
    "notifications.getSubscriptionById": _subscription_by_id,
    "notifications.deleteSubscriptionById": _delete_subscription,
    "notifications.sendTestNotification": _send_test,
}
