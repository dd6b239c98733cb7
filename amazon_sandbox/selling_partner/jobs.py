"""What reports and feeds have in common: asked for, two polls in the making, then done; and their lists."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.business import Business, Document, Job
from amazon_sandbox.clock import timestamp
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call
from amazon_sandbox.selling_partner.refusals import invalid, missing

STATES = ("IN_QUEUE", "IN_PROGRESS", "DONE")
ALL_STATES = (*STATES, "CANCELLED", "FATAL")
NINETY_DAYS = 90 * 86_400  # how far back a list goes of itself [doc]


@dataclass(frozen=True)
class Jobs:
    """The jobs of one kind: `name` is report or feed, `result` what the document of its outcome is called."""

    name: str
    result: str
    records: Callable[[Business], dict[str, Job]]

    def add(
        self, call: Call, kind: str, marketplaces: list[str], document: Document, given: dict[str, Any]
    ) -> Job:
        """Return a new job of the calling store; `document` is its outcome, `given` is told with it."""
        number = str(50_000_000_000 + secrets.randbelow(10**10))
        now = call.world.clock.now()
        job = Job(number, kind, marketplaces, *call.store, now, document.document_id, given=given)
        call.world.business.documents[document.document_id] = document
        self.records(call.world.business)[number] = job
        return job

    def list(self, call: Call) -> Answer:
        """Return a page of the calling store's jobs, newest first; types are needed for the first page."""
        given = call.parameters("nextToken")
        given.needed(f"{self.name}Types")
        wanted, sites = (
            given.words(f"{self.name}Types", at_most=10),
            given.words("marketplaceIds", at_most=10),
        )
        call.sites(sites)
        states = given.words("processingStatuses", ALL_STATES)
        since, until = given.instant("createdSince"), given.instant("createdUntil")
        start, end = given.at - NINETY_DAYS if since is None else since, given.at if until is None else until
        found = [
            job
            for job in reversed(list(self.records(call.world.business).values()))
            if (job.seller_id, job.region) == call.store
            and job.kind in wanted
            and (not sites or set(sites) & set(job.marketplaces))
            and (not states or _state(job) in states)
            and start <= job.created <= end
        ]
        page, token = given.page(found, given.number("pageSize", 10, 1, 100))
        document: dict[str, Any] = {f"{self.name}s": [self._described(job) for job in page]}
        return known("spApi.ok", {**document, "nextToken": token} if token else document)

    def one(self, call: Call) -> Answer:
        """Return the job that the path names; the next look finds it further on."""
        job = self._find(call)
        answer = known("spApi.ok", self._described(job))
        job.polls += 1
        return answer

    def cancel(self, call: Call) -> Answer:
        """Cancel the job that the path names, as long as it is not begun."""
        job = self._find(call)
        if _state(job) not in ("IN_QUEUE", "CANCELLED"):
            raise invalid(f"Only a {self.name} in the state IN_QUEUE can be canceled.")
        job.canceled = True
        return known("spApi.ok", {})

    def _find(self, call: Call) -> Job:
        job = self.records(call.world.business).get(call.path[f"{self.name}Id"])
        if job is None or (job.seller_id, job.region) != call.store:
            raise missing(f"The {self.name} was not found.")
        return job

    def _described(self, job: Job) -> dict[str, Any]:
        document: dict[str, Any] = {
            f"{self.name}Id": job.number,
            f"{self.name}Type": job.kind,
            "marketplaceIds": job.marketplaces,
            "createdTime": timestamp(job.created),
            "processingStatus": _state(job),
            **job.given,
        }
        if document["processingStatus"] == "DONE":
            document[self.result] = job.document_id
        return document


def _state(job: Job) -> str:
    return "CANCELLED" if job.canceled else STATES[min(job.polls, len(STATES) - 1)]
