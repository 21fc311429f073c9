"""The part of the library about who may do what, and how programs get in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ackgpu.library.calls import AccountCalls, Answer
from ackgpu.library.specs import Spec, wants

if TYPE_CHECKING:
    from ackgpu.render.results import Facts
    from ackgpu.render.verdicts import CheckList
    from ackgpu.spec.fields import Purpose


class AccessCalls(AccountCalls):
    """Kubeconfigs, RAM policies, and the settings in force."""

    def settings(self) -> Answer[Facts]:
        """What is in force, as ``facts`` of the record; no secret.

        ``region``, ``credentials`` (where they come from, in words), ``emulated``,
        ``stateDirectory`` and ``clockSpeed``. Raises CredentialsError where there are none.
        """
        from ackgpu.commands.program.config import show

        return self._answer("config show", lambda _, session: show(session), None)

    def policy(self, spec: Spec, purpose: Purpose = "all") -> dict[str, Any]:
        """The least RAM policy that suffices for ``purpose``, in RAM's own form.

        ``Version`` and ``Statement``, to be given to RAM as JSON. Nothing is asked of the cloud.
        Raises SpecError.
        """
        from ackgpu.commands.account.policy import PolicyOptions, document

        options = PolicyOptions(wants=wants(spec), purpose=purpose)
        with self._hosted("policy generate", options.wants) as session:
            return document(options, session)

    def check_policy(self, spec: Spec) -> Answer[CheckList]:
        """Every read that :meth:`create` makes, tried; what creates and deletes is not.

        Raises PreflightFailed where RAM refuses one, with the answer as its ``answer``.
        """
        from ackgpu.commands.account.policy import PolicyOptions, check

        return self._answer("policy check", check, PolicyOptions(wants=wants(spec)))

    def kubeconfig(self, name: str, *, minutes: int | None = None, private: bool = False) -> str:
        """The cluster's kubeconfig as YAML, with a private key in it.

        ``minutes``: how long its certificate holds, 15 to 4320; None is ACK's own, years.
        """
        from ackgpu.commands.kubeconfig.command import KubeconfigOptions, text_of

        options = KubeconfigOptions(name=name, minutes=minutes, private=private)
        with self._hosted("kubeconfig show", name) as session:
            return text_of(options, session)

    def write_kubeconfig(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        name: str,
        *,
        path: str | os.PathLike[str] | None = None,
        minutes: int | None = None,
        private: bool = False,
        renewing: bool = False,
        set_context: bool = False,
    ) -> Answer[Facts]:
        """Take the cluster's context over into the file at ``path``, else the user's.

        ``renewing``: the file holds no key, and clients get a short-lived one from ackgpu.
        ``set_context``: it becomes the current one. Raises NoSuchCluster, and ConflictError for a
        context of that name that ackgpu did not write.
        """
        from ackgpu.commands.kubeconfig.command import KubeconfigOptions, write

        options = KubeconfigOptions(
            name=name,
            minutes=minutes,
            private=private,
            renewing=renewing,
            set_context=set_context,
            path=None if path is None else Path(path),
        )
        return self._answer("kubeconfig write", write, options)

    def remove_kubeconfig(
        self, name: str, *, path: str | os.PathLike[str] | None = None
    ) -> Answer[Facts]:
        """Take the cluster's context out again; the cloud is not asked. Raises ConflictError."""
        from ackgpu.commands.kubeconfig.command import KubeconfigOptions, remove

        options = KubeconfigOptions(name=name, path=None if path is None else Path(path))
        return self._answer("kubeconfig remove", remove, options)
