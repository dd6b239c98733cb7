"""The token endpoint with every refresh counted by how it ended."""

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client, LoginWithAmazon, TokenAnswer
from gateway.util import counters
from gateway.util.secret import Secret


class CountedLogin(LoginWithAmazon):
    """Login with Amazon, for the metrics."""

    def refresh(self, client: Client, refresh_token: Secret) -> TokenAnswer:
        """As LoginWithAmazon.refresh."""
        outcome = "ok"
        try:
            return super().refresh(client, refresh_token)
        except AmazonFailure as failure:
            outcome = failure.kind
            raise
        finally:
            counters.refresh_asked(client.flow, outcome)
