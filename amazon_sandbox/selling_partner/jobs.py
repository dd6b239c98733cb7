"""What reports, feeds and queries have in common: asked for, two polls in the making, then done; lists."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.business import Business, Document, Job
from amazon_sandbox.clock import timestamp
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call
from amazon_sandbox.selling_partner.parameters import Parameters
from amazon_sandbox.selling_partner.refusals import invalid, missing

STATES = ("IN_QUEUE", "IN_PROGRESS", "DONE")
ALL_STATES = (*STATES, "CANCELLED", "FATAL")
NINETY_DAYS = 90 * 86_400  # how far back a list goes of itself [doc]


@dataclass(frozen=True)
class Jobs:
    """The jobs of one kind: `name` is what one is called, `result` what the document of its outcome is.

    `cancelable` are the states in which one may be canceled.
    """

    name: str
    result: str
    records: Callable[[Business], dict[str, Job]]
    cancelable: tuple[str, ...] = ("IN_QUEUE",)

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
        page, token = self.page(
            call,
            given,
            lambda job: job.kind in wanted and (not sites or bool(set(sites) & set(job.marketplaces))),
        )
        document: dict[str, Any] = {f"{self.name}s": [self.described(job) for job in page]}
        return known("spApi.ok", {**document, "nextToken": token} if token else document)

    def page(
        self, call: Call, given: Parameters, wanted: Callable[[Job], bool]
    ) -> tuple[Sequence[Job], str | None]:
        """Return a page of the calling store's wanted jobs, by state and time, and the next page's token."""
        states = given.words("processingStatuses", ALL_STATES)
        since, until = given.instant("createdSince"), given.instant("createdUntil")
        start, end = given.at - NINETY_DAYS if since is None else since, given.at if until is None else until
        found = [
            job
            for job in reversed(list(self.records(call.world.business).values()))
            if (job.seller_id, job.region) == call.store
            and wanted(job)
            and (not states or state_of(job) in states)
            and start <= job.created <= end
        ]
        return given.page(found, given.number("pageSize", 10, 1, 100))

    def one(self, call: Call) -> Answer:
        """Return the job that the path names; the next look finds it further on."""
        job = self._find(call)
        answer = known("spApi.ok", self.described(job))
        job.polls += 1
        return answer

    def cancel(self, call: Call) -> Answer:
        """Cancel the job that the path names, in a state that allows it."""
        job = self._find(call)
        if state_of(job) not in (*self.cancelable, "CANCELLED"):
            states = " or ".join(self.cancelable)
            raise invalid(f"Only a {self.name} in the state {states} can be canceled.")
        job.canceled = True
        return known("spApi.ok", {})

    def _find(self, call: Call) -> Job:
        job = self.records(call.world.business).get(call.path[f"{self.name}Id"])
        if job is None or (job.seller_id, job.region) != call.store:
            raise missing(f"The {self.name} was not found.")
        return job

    def described(self, job: Job) -> dict[str, Any]:
        """Return a job as it is answered."""
        document: dict[str, Any] = {
            f"{self.name}Id": job.number,
            f"{self.name}Type": job.kind,
            "marketplaceIds": job.marketplaces,
            "createdTime": timestamp(job.created),
            "processingStatus": state_of(job),
            **job.given,
        }
        if document["processingStatus"] == "DONE":
            document[self.result] = job.document_id
        return document


def state_of(job: Job) -> str:
    """Return how far a job is, in Amazon's word."""
    return "CANCELLED" if job.canceled else STATES[min(job.polls, len(STATES) - 1)]
