"""Destinations belong to an application, subscriptions to a store."""

from typing import Any

import pytest

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import Store, grantless

API = "notifications"
QUEUE = {"sqs": {"arn": "arn:aws:sqs:us-east-1:123456789012:orders"}}
KIND = "ORDER_CHANGE"


@pytest.fixture
def own(sandbox: SandboxProcess) -> Store:
    """Return what calls with a token of the application's own."""
    return grantless(sandbox)


def destination(own: Store, resource: Any = None) -> str:
    """Make a destination and return its number."""
    body = {"name": "orders", "resourceSpecification": resource or QUEUE}
    number: str = own.get(f"{API}.createDestination", body)["payload"]["destinationId"]
    return number


def subscribe(store: Store, where: str) -> str:
    """Subscribe a store and return the subscription's number."""
    body = {"payloadVersion": "1.0", "destinationId": where}
    made = store.get(f"{API}.createSubscription", body, notificationType=KIND)
    number: str = made["payload"]["subscriptionId"]
    return number


def test_a_destination_is_made_read_listed_and_deleted(own: Store) -> None:
    """Queues and event buses."""
    number = destination(own)
    bus = destination(own, {"eventBridge": {"region": "us-east-1", "accountId": "123456789012"}})
    read = own.get(f"{API}.getDestination", destinationId=number)["payload"]
    assert read == {"name": "orders", "destinationId": number, "resource": QUEUE}
    listed = own.get(f"{API}.getDestinations")["payload"]
    assert [each["destinationId"] for each in listed] == [number, bus]
    own.get(f"{API}.deleteDestination", destinationId=number)
    assert own.refused(f"{API}.getDestination", destinationId=number) == (404, "NotFound")


@pytest.mark.parametrize("resource", [None, "text", {}, {"sqs": {"arn": "a queue"}}, {"eventBridge": {}}])
def test_a_destination_needs_a_resource(own: Store, resource: Any) -> None:
    """A queue's name or an event bus."""
    body = {"name": "orders", "resourceSpecification": resource}
    assert own.refused(f"{API}.createDestination", body) == (400, "InvalidInput")


def test_one_destination_a_queue(own: Store) -> None:
    """The second is a conflict."""
    destination(own)
    body = {"name": "again", "resourceSpecification": QUEUE}
    assert own.refused(f"{API}.createDestination", body) == (409, "ResourceConflict")


def test_a_store_subscribes_and_the_application_unsubscribes(own: Store, store: Store) -> None:
    """Read by its type with the store's token, by its number with the application's."""
    number = subscribe(store, destination(own))
    assert store.get(f"{API}.getSubscription", notificationType=KIND)["payload"]["subscriptionId"] == number
    listed = store.get(f"{API}.getSubscriptions", notificationTypes=KIND)["payload"]["subscriptions"]
    assert [each["subscriptionId"] for each in listed] == [number]
    by_number = {"notificationType": KIND, "subscriptionId": number}
    assert own.get(f"{API}.getSubscriptionById", **by_number)["payload"]["subscriptionId"] == number
    assert store.refused(f"{API}.getSubscriptionById", **by_number) == (403, "Unauthorized")
    own.get(f"{API}.sendTestNotification", {}, notificationType=KIND)
    own.get(f"{API}.deleteSubscriptionById", **by_number)
    assert store.refused(f"{API}.getSubscription", notificationType=KIND) == (404, "NotFound")
    assert own.refused(f"{API}.getSubscriptionById", **by_number) == (404, "NotFound")


def test_a_subscription_needs_a_destination_and_is_there_once(own: Store, store: Store) -> None:
    """An unknown destination is refused, the second subscription a conflict; other stores have their own."""
    body = {"payloadVersion": "1.0", "destinationId": "unknown"}
    operation = f"{API}.createSubscription"
    assert store.refused(operation, body, notificationType=KIND) == (400, "InvalidInput")
    where = destination(own)
    subscribe(store, where)
    again = store.refused(operation, {**body, "destinationId": where}, notificationType=KIND)
    assert again == (409, "ResourceConflict")
    assert store.refused(operation, body, notificationType="what?") == (400, "InvalidInput")
    other = Store(own.sandbox, own.sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    assert other.refused(f"{API}.getSubscription", notificationType=KIND) == (404, "NotFound")
    subscribe(other, where)


def test_an_application_sees_its_own_destinations_only(own: Store) -> None:
    """Another one has none."""
    destination(own)
    app = own.sandbox.control("apps", {"flow": "spapi"})
    client = {"client_id": app["clientId"], "client_secret": app["clientSecret"]}
    scope = "sellingpartnerapi::notifications"
    token = own.sandbox.token_call(grant_type="client_credentials", scope=scope, **client).json()
    assert Store(own.sandbox, token["access_token"]).get(f"{API}.getDestinations")["payload"] == []
