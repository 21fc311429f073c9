"""The Kubernetes API of the emulated clusters.

One TLS port serves every cluster; the client's certificate says which (:mod:`.access`). Nodes and
system pods follow from Container Service's documents (:mod:`.nodes`, :mod:`.system`), everything
clients write is kept in documents of kind ``kube`` (:mod:`.state`, :mod:`.object_store`). Pods are
bound and run by functions of time (:mod:`.pod_timeline`, :mod:`.scheduler`); what runs in them is
worked out by emulated commands (:mod:`ackgpu.emulator.container`), never executed. What a table can
say of a kind is in ``data/kube``; :mod:`.contents` names the functions for the rest.

Faults of a scenario (``settings["faults"]``, each a dict with ``kind``) that are met here:
``plugin_down``, ``gpu_allocatable {value}``, ``image_pull_backoff``, ``driver_mismatch``,
``unlicensed``, ``sample_wrong_result``, ``pod_evicted {times}`` (narrowed by ``cluster``, ``node``,
``count``, ``image``); ``pod_refused {message, namespace}``; ``kube_forbidden {resource, verb}``;
``kube_unavailable``, ``kube_reset``, ``kube_throttled {retry_after}``, ``continue_expired`` (each
``{times}``).
"""
