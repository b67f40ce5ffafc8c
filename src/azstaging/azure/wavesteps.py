"""Steps of the runbooks that Azure Migrate keeps for a wave. Experimental: a preview of Azure.

What is known comes from the source of the Azure CLI's extension ``migrate``; no exchange with the
service was recorded. Approving is not here: an approval carries no comment, so no evidence.
"""

from azstaging.azure.api_versions import MIGRATE_RUNBOOKS
from azstaging.azure.session import ArmSession
from azstaging.rules.wave_step import ACTION, StepCompletion


class WaveSteps:
    """Completes steps (`engine.wave_steps.WaveStepPort`)."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def complete_step(self, completion: StepCompletion) -> str:
        """Complete a manual step; the comment is required and kept by the service.

        Azure: UpdateStepStatus, POST {execution}/UpdateStepStatus, 2020-06-01-preview,
        https://github.com/Azure/azure-cli-extensions/tree/main/src/migrate
        """
        answer = self._session.send_change(
            "POST",
            completion.execution_id,
            api_version=MIGRATE_RUNBOOKS,
            action=ACTION,
            body=completion.body,
        )
        return answer.request_id
