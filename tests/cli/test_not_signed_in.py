"""Who is not signed in reads two calm lines, not what each library says of it."""

import subprocess
import sys

import pytest
from azure.core.exceptions import ClientAuthenticationError

from azstaging.azure.credentials import TokenSource
from azstaging.errors import AuthenticationError

CHAIN = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot.
\tAzureCliCredential: Azure CLI not found on path
To mitigate this issue, please refer to https://aka.ms/azsdk/python/identity."""
REFUSED = CHAIN.replace(
    "Azure CLI not found on path", "AADSTS700082: The refresh token has expired"
)


class Chain:
    def __init__(self, text):
        self.text = text

    def get_token(self, *_scopes, **_options):
        raise ClientAuthenticationError(message=self.text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHAIN, "none of EnvironmentCredential, AzureCliCredential has one. Nothing was sent"),
        (REFUSED, "AzureCliCredential: AADSTS700082: The refresh token has expired. Nothing"),
        ("No subscription.", ": No subscription. Nothing was sent to ARM."),
    ],
)
def test_a_chain_of_credentials_is_told_in_one_sentence(text, said):
    with pytest.raises(AuthenticationError) as caught:
        TokenSource(Chain(text), "https://arm.example/.default").token()
    assert said in str(caught.value)
    assert "aka.ms" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_warnings_of_the_libraries_do_not_reach_the_terminal():
    warn = "import logging, azstaging.cli.session; logging.getLogger('azure.identity').warning('x')"
    done = subprocess.run([sys.executable, "-c", warn], capture_output=True, text=True, check=True)
    assert done.stderr == ""
