"""Run Command: a script inside a guest, sent at most once, followed by its operation."""

from azstaging.azure.api_versions import COMPUTE
from azstaging.azure.bodies import Json
from azstaging.azure.session import ArmSession
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId, subscription_scope


class RunCommand:
    """Runs scripts as root or SYSTEM; only where ``[probes] run_command`` says so."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def run_command(self, vm_id: ResourceId, body: Json) -> str:
        """Start a command and return the id of its operation.

        Azure: VirtualMachines_RunCommand, POST {vm}/runCommand,
        https://learn.microsoft.com/rest/api/compute/virtual-machines/run-command

        Raises:
            ServiceError: status 409 when one runs already; ``effect`` says what is known.
            UnexpectedResponseError: accepted without an operation to follow.
        """
        answer = self._session.send_change(
            "POST", vm_id, api_version=COMPUTE, action="runCommand", body=body
        )
        if not answer.job_id:
            raise UnexpectedResponseError(
                f"The command in {vm_id.name} was accepted, and no operation was named.",
                pointer="Azure-AsyncOperation",
                resource_id=vm_id.text,
            )
        return answer.job_id

    def get_command(self, vm_id: ResourceId, location: str, operation: str) -> Json:
        """Get the operation of a command.

        Azure: GET {subscription}/providers/Microsoft.Compute/locations/{location}/operations/{id}
        """
        place = location.replace(" ", "").casefold()
        scope = subscription_scope(vm_id.subscription_id or "")
        parts = ("Microsoft.Compute", "locations", place, "operations", operation)
        return self._session.get_json(scope.child("providers", *parts), COMPUTE)
