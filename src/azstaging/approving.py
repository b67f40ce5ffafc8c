"""The verbs of approval: here, or as a signed file from elsewhere. One part of `Staging`.

Approvals count when they are of named approvers (``[[approver]]``), where some are named, and of
as many distinct people as ``gate.approvals`` says, none of them the planner or the releaser.
"""

from datetime import datetime
from hashlib import sha256

from azstaging.collecting import Collecting
from azstaging.comparing import Comparing
from azstaging.config_approvers import Approver
from azstaging.errors import ConfigurationError, PlanRefusedError
from azstaging.files import read_bytes, write_whole
from azstaging.journal import Journal, signing
from azstaging.model.plans import Approval, Plan, Principal
from azstaging.rules import history
from azstaging.rules import plan as plans
from azstaging.rules.approval import approval_from, approval_plain, build_approval, counted
from azstaging.rules.status import Status, status_of

APPROVAL_TYPE = "application/vnd.azstaging.approval+json"


class Approving(Collecting, Comparing):
    """A `Run` that approves plans, and tells whether they are approved."""

    def approve(self, plan: Plan, *, comment: str, hours: int | None = None) -> Approval:
        """Approve a plan as another principal than its planner.

        Args:
            plan: as the journal holds it.
            comment: why, e.g. the ticket.
            hours: how long it holds; ``gate.approval_hours`` and the plan's expiry are the most.

        Raises:
            PlanRefusedError: own plan, opaque token, expired, foreign or changed plan, or
                somebody who is not among the named approvers.
        """
        self._check_plan(plan, "approve")
        approval = self._approval(plan, comment, hours)
        self._append(history.approval_record(approval))
        return approval

    def sign_approval(self, plan: Plan, *, comment: str, hours: int | None = None) -> bytes:
        """Approve a plan where its journal is not: as a signed file for the journal's place.

        The signing key is the one that ``[[approver]] signing_key`` names for this principal; the
        journal's place knows its public half.

        Returns:
            A DSSE envelope; ``accept_approval`` takes it.

        Raises:
            PlanRefusedError: as ``approve``; whether the journal holds the plan is checked later.
            ConfigurationError: no key is configured for this principal, or it cannot sign.
        """
        plans.plan_from(plans.plan_bytes(plan))
        now = self._clock()
        plans.check_plan(plan, journal_id=plan.journal_id, policy=self.config.policy, now=now)
        approval = self._approval(plan, comment, hours)
        approver = self._named(approval.approver)
        if approver is None or approver.signing_key is None:
            raise ConfigurationError(
                f"No signing key is configured for {approval.approver.key}; nothing was signed.",
                advice="Name tid, oid and signing_key under [[approver]].",
            )
        return signing.sign(
            approval_plain(approval), payload_type=APPROVAL_TYPE, key=approver.signing_key
        )

    def accept_approval(self, plan: Plan, envelope: bytes, *, source: str = "") -> Approval:
        """Take a signed approval into the journal; whoever brings it need not be its author.

        Args:
            plan: as the journal holds it.
            envelope: what ``sign_approval`` returned.
            source: what refusals call it, such as its file.

        Raises:
            PlanRefusedError: signed by no named approver, by another than it names, of another
                plan, expired, or anything that ``approve`` refuses.
        """
        self._check_plan(plan, "approve")
        approvers = [a for a in self.config.approvers if a.public_key is not None]
        if not approvers:
            raise ConfigurationError(
                "No approver with a public_key is configured, so no signature can be believed.",
                advice="Name tid, oid and public_key of each under [[approver]].",
            )
        keys = {_pem(approver): approver for approver in approvers}
        payload, key = signing.verify(
            envelope, payload_type=APPROVAL_TYPE, keys=keys, source=source
        )
        approval = approval_from(
            payload,
            plan,
            signer=keys[key].principal,
            policy=self.config.policy,
            now=self._clock(),
            source=source or "The signed approval",
        )
        if approval not in self.past().approvals(plan.digest):
            self._keep_envelope(envelope)
            self._append(history.approval_record(approval))
        return approval

    def _keep_envelope(self, envelope: bytes) -> None:
        """Keep a signed approval as it came, so that a pack proves who gave it."""
        if self.journal is not None:
            name = f"{sha256(envelope).hexdigest()}.dsse.json"
            path = self.journal.folder / "approvals" / name
            self.journal.publish([write_whole(path, envelope, what="signed approval")])

    def approved_by(self, plan: Plan) -> tuple[Approval, ...]:
        """Return the approvals of a plan that hold now, one per person, the planner's left out."""
        named = self.config.approver_keys
        return counted(plan, self.past().approvals(), named=named, now=self._clock())

    def status(self) -> Status:
        """Say what the journal knows: open attempts, plans, approvals, receipts."""
        return status_of(
            self.past(),
            now=self._clock(),
            needed=self.config.policy.approvals,
            named=self.config.approver_keys,
            halted=self.journal is not None and self.journal.halted(),
        )

    def authorise(self, plan: Plan) -> Principal:
        """Return who would release this plan now, if the plan and its approvals hold.

        Raises:
            PlanRefusedError: they do not, or the token names nobody.
        """
        self._check_plan(plan, "release")
        self._require_sources(plan)
        return plans.check_approvals(
            plan,
            self._approvals(),
            releaser=self.principal(),
            policy=self.config.policy,
            now=self._clock(),
        )

    def _approval(self, plan: Plan, comment: str, hours: int | None) -> Approval:
        principal = plans.check_approver(plan, self.principal())
        if self.config.approvers and self._named(principal) is None:
            raise PlanRefusedError(
                f"{principal.name or principal.key} is not among the named approvers.",
                code="unapproved",
                advice="Have one of those approve it whom [[approver]] names.",
            )
        return build_approval(
            plan,
            principal,
            comment=comment,
            policy=self.config.policy,
            now=self._clock(),
            hours=hours,
        )

    def _named(self, principal: Principal) -> Approver | None:
        mine = (a for a in self.config.approvers if a.principal.key == principal.key)
        return next(mine, None)

    def _approvals(self) -> tuple[Approval, ...]:
        """Return the approvals on record, of named approvers only where some are named."""
        approvals = self.past().approvals()
        if not self.config.approvers:
            return approvals
        return tuple(a for a in approvals if self._named(a.approver) is not None)

    def _approved_until(self, plan: Plan, releaser: Principal) -> datetime:
        return plans.approved_until(
            plan,
            self._approvals(),
            releaser=releaser,
            policy=self.config.policy,
            now=self._clock(),
        )

    def _approvers(self, plan: Plan, releaser: Principal) -> tuple[str, ...]:
        approvals, now = self._approvals(), self._clock()
        return tuple(sorted(plans.approvers_of(plan, approvals, releaser=releaser, now=now)))

    def _check_plan(self, plan: Plan, verb: str) -> Journal:
        journal = self._require_journal(verb)
        plans.plan_from(plans.plan_bytes(plan))
        plans.check_plan(plan, journal_id=journal.id, policy=self.config.policy, now=self._clock())
        if self.past().plan(plan.digest) is None:
            raise PlanRefusedError(
                f"The journal {journal.place} does not hold this plan, {plan.digest[:19]} of "
                f"{plan.created:%Y-%m-%d %H:%M} UTC; nothing was sent.",
                code="foreign-journal",
                advice="Name the estate folder that it was planned in (--journal).",
            )
        return journal

    def _require_sources(self, plan: Plan) -> None:
        if not plan.abandons:  # what is given up still has its source
            self._require_baselines(plan)


def _pem(approver: Approver) -> bytes:
    assert approver.public_key is not None  # noqa: S101 - only those that have one are asked
    return read_bytes(approver.public_key, what="public key", limit=1_000_000)
