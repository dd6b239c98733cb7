"""What an audit line is about, by the name that the user gave it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gateway.model import AuditEntry, Grant, Profile
from gateway.vault.audit import ATTEMPT
from gateway.web.texts import Language


class Subjects:
    """The names of a user's stores, ads accounts, profiles and attempts, by what the audit calls them.

    `profiles`: by the account's id; `attempts`: the name of each attempt by its id.
    """

    def __init__(
        self,
        grants: Iterable[Grant],
        profiles: Mapping[int, Sequence[Profile]],
        attempts: Mapping[str, str],
    ) -> None:
        self._by_id = {grant.id: grant for grant in grants}
        self._grants = {f"authRecordId {number}": grant for number, grant in self._by_id.items()}
        stores = [grant for grant in self._by_id.values() if grant.seller_id is not None]
        self._grants |= {f"{store.seller_id} {store.region}": store for store in stores}
        # A call may leave the region out where there is only one.
        kept = Counter(store.seller_id for store in stores)
        self._grants |= {str(each.seller_id): each for each in stores if kept[each.seller_id] == 1}
        self._profiles = {
            f"profileId {profile.profile_id}": (self._by_id[account], profile)
            for account, listed in profiles.items()
            if account in self._by_id
            for profile in listed
        }
        self._attempts = {ATTEMPT + attempt_id: name for attempt_id, name in attempts.items()}

    def name(self, entry: AuditEntry, language: Language) -> str:
        """Return the name with the region or site; the id where the user has nothing of that id any more."""
        subject = entry.subject or ""
        grant = self._by_id.get(entry.grant_id or 0) or self._grants.get(subject)
        if grant is not None and grant.seller_id is not None:
            return _explained(language, grant.name, language.words[f"region_{grant.region}"])
        if grant is not None:
            return grant.name
        if subject in self._profiles:
            account, profile = self._profiles[subject]
            return _explained(language, account.name, language.sites_named([profile.country_code]))
        return self._attempts.get(subject) or subject.removeprefix(ATTEMPT)


def _explained(language: Language, term: str, meaning: str) -> str:
    return language.words["explained"].format(term=term, meaning=meaning)
