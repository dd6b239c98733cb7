"""Why Amazon refused a call that was passed on, as its answer, the call and the store tell together."""

from http import HTTPStatus

from gateway.amazon.forwarding import Forwarded
from gateway.proxy.bearers import Bearer
from gateway.proxy.refusals import LONGEST_REFUSAL, Cause, Refusal, explain
from gateway.proxy.request import ProxyRequest


def cause_of(answer: Forwarded, bearer: Bearer, called: ProxyRequest) -> Cause | None:
    """Return why Amazon refused a call; None where it did not, or nothing is known of it."""
    body = answer.short_body(LONGEST_REFUSAL)
    if answer.status < HTTPStatus.BAD_REQUEST or body is None:
        return None
    grant = bearer.grant
    return explain(
        Refusal(
            api=grant.flow,
            status=answer.status,
            body=body,
            method=called.method,
            path=called.path.sent,
            query=called.query,
            region=bearer.region,
            seller_id=grant.seller_id or "",
            profile_id=bearer.profile_id,
            name=grant.name,
            verified=grant.verified,
            restricted=called.restricted is not None,
            as_application=bearer.is_application,
        )
    )
