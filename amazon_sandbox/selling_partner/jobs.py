"""What reports and feeds have in common: asked for, two polls in the making, then done; and their lists."""

import secrets
from typing import Any

from amazon_sandbox.business import Document, Job
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, timestamp
from amazon_sandbox.selling_partner.refusals import invalid, missing

STATES = ("IN_QUEUE", "IN_PROGRESS", "DONE")
ALL_STATES = (*STATES, "CANCELLED", "FATAL")
NINETY_DAYS = 90 * 86_400  # how far back a list goes of itself [doc]


def new_job(call: Call, kind: str, marketplaces: list[str], document: Document, given: dict[str, Any]) -> Job:
    """Return a job of the calling store whose outcome is `document`; `given` is told with it."""
    number = str(50_000_000_000 + secrets.randbelow(10**10))
    now = call.world.clock.now()
    return Job(number, kind, marketplaces, *call.store, now, document.document_id, given=given)


def state_of(job: Job) -> str:
    """Return how far a job is."""
    return "CANCELLED" if job.cancelled else STATES[min(job.polls, len(STATES) - 1)]


def find(call: Call, jobs: dict[str, Job], number: str, what: str) -> Job:
    """Return the calling store's job of that number. Raise Refused."""
    job = jobs.get(number)
    if job is None or (job.seller_id, job.region) != call.store:
        raise missing(f"The {what} was not found.")
    return job


def cancel(job: Job, what: str) -> Answer:
    """Cancel a job that is not begun. Raise Refused for another."""
    if state_of(job) not in ("IN_QUEUE", "CANCELLED"):
        raise invalid(f"Only a {what} in the state IN_QUEUE can be cancelled.")
    job.cancelled = True
    return known("spApi.ok", {})


def listed(call: Call, jobs: dict[str, Job], kinds: str) -> tuple[list[Job], str | None]:
    """Return a page of the calling store's jobs, newest first, and the next page's token. Raise Refused.

    `kinds` is what the parameter is called that names types; it is needed for the first page.
    """
    given = call.parameters("nextToken")
    given.needed(kinds)
    wanted, sites = given.words(kinds, at_most=10), given.words("marketplaceIds", at_most=10)
    call.sites(sites)
    states = given.words("processingStatuses", ALL_STATES)
    since, until = given.instant("createdSince"), given.instant("createdUntil")
    start, end = given.at - NINETY_DAYS if since is None else since, given.at if until is None else until
    found = [
        job
        for job in reversed(list(jobs.values()))
        if (job.seller_id, job.region) == call.store
        and job.kind in wanted
        and (not sites or set(sites) & set(job.marketplaces))
        and (not states or state_of(job) in states)
        and start <= job.created <= end
    ]
    page, token = given.page(found, given.number("pageSize", 10, 1, 100))
    return list(page), token


def described(job: Job, prefix: str, result: str) -> dict[str, Any]:
    """Return a job as it is told; `prefix` is report or feed, `result` what its document is called."""
    document: dict[str, Any] = {
        f"{prefix}Id": job.number,
        f"{prefix}Type": job.kind,
        "marketplaceIds": job.marketplaces,
        "createdTime": timestamp(job.created),
        "processingStatus": state_of(job),
        **job.given,
    }
    if state_of(job) == "DONE":
        document[result] = job.document_id
    return document
