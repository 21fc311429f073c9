"""The Kubernetes API of the emulated clusters.

One TLS port serves every cluster; the client's certificate says which (:mod:`.access`). Nodes and
system pods follow from Container Service's documents (:mod:`.nodes`, :mod:`.system`), everything
clients write is kept in documents of kind ``kube`` (:mod:`.state`, :mod:`.storing`). Pods are bound
and run by functions of time (:mod:`.courses`, :mod:`.scheduling`); what runs in them is worked out
by emulated commands (:mod:`.shell`, :mod:`.commands`, :mod:`.toolchain`, :mod:`.nvidia_smi`), never
executed.

Faults of a scenario (``settings["faults"]``, each a dict with ``kind``) that are met here:
``plugin_down``, ``gpu_allocatable {value}``, ``image_pull_backoff``, ``driver_mismatch``,
``unlicensed``, ``sample_wrong_result``, ``pod_evicted {times}`` (narrowed by ``cluster``, ``node``,
``count``, ``image``); ``pod_refused {message, namespace}``; ``kube_forbidden {resource, verb}``;
``kube_unavailable``, ``kube_reset``, ``kube_throttled {retry_after}``, ``continue_expired`` (each
``{times}``).
"""
