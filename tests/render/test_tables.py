from __future__ import annotations

import dataclasses

import pytest
import render_samples as samples

from ackgpu.render import deletions, results
from ackgpu.render import verdicts as v
from ackgpu.render.output import present
from ackgpu.render.terminal import Terminal
from ackgpu.streams import Streams


def table(part, *, terminal=True):
    streams = Streams.for_tests(terminal=terminal, color="never")
    present(streams, "table", results.Result(command="x", part=part))
    return streams.written()[0]


def varied(name, **changes):
    return table(dataclasses.replace(samples.RESULTS[name].part, **changes))


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("create", {"changed": False}, "2 of 2 GPU nodes verified, no changes"),
        ("create", {"gpu_nodes_verified": None}, "2 GPU nodes, not verified"),
        ("create", {"waited": False}, "demo is being made; the next create"),
        ("create", {"price": samples.yuan(None), "prices_of": ""}, "unknown until you delete it\n"),
        ("plan", {"steps": (), "seconds": None, "price": None}, "  No changes.\n"),
        ("plan", {"price": None, "price_parts": ()}, "about 10 m\n"),
        ("offers", {"offers": ()}, "No instance type matches."),
        ("list-empty", {"regions": ()}, "No clusters of ackgpu.\n"),
        ("nodepool-list", {"node_pools": ()}, "demo has no node pools."),
        ("delete", {"waited": False}, "demo is being deleted"),
        ("gc", {"found": ()}, "Nothing to collect."),
        ("gc", {"executed": True}, "0 resources deleted, 1 left."),
        ("run-sample", {"passed": False}, "✗ CUDA sample failed on"),
        ("facts", {"facts": {"zones": ("j", "k"), "limit": None}}, "j, k\n  limit  unknown\n"),
        ("facts", {"headline": "", "facts": {"version": "0.1"}}, "version  0.1\n"),
    ],
)
def test_a_table_says_how_it_is(name, changes, expected):
    assert expected in varied(name, **changes)


def test_what_gc_removed_is_counted_and_marked_beside_what_is_left():
    (row,) = samples.RESULTS["gc"].part.found
    gone = dataclasses.replace(row, removed=True)
    assert table(deletions.GcResult(found=(gone, gone), executed=True)).endswith(
        "\n2 resources deleted.\n"
    )
    other = dataclasses.replace(row, cluster="other")
    both = deletions.GcResult(found=(gone, other), executed=True)
    first, second, left, end = table(both, terminal=False).splitlines()[1:]
    assert first.endswith("deleted")
    assert second.endswith("1 left")
    assert row.id in left
    assert end == "1 resource deleted, 1 left."
    assert both.names == ("demo",)


def test_a_cluster_that_is_held_says_so():
    row = dataclasses.replace(samples.ROW, held=True)
    assert "held" in table(results.ClusterList(clusters=(row,)))


def test_a_cluster_without_a_ttl_leaves_the_column_out():
    row = dataclasses.replace(samples.ROW, expires=None)
    assert "expires" not in table(results.ClusterList(clusters=(row,)))


def test_a_preview_goes_to_stderr_before_the_question():
    streams = Streams.for_tests(terminal=True)
    preview = samples.RESULTS["delete-preview"].part
    preview = dataclasses.replace(preview, removes=(), keeps=(), notes=())
    Terminal(streams).preview(preview)
    out, err = streams.written()
    assert out == ""
    assert err.endswith("  nothing\n")


def test_a_description_without_extras_is_the_facts_alone():
    part = dataclasses.replace(
        samples.RESULTS["describe"].part, node_pools=(), listed=(), events=()
    )
    assert "node pool" not in table(part)
    assert "vpc-bp1k8aevy8sofi8mh1q" in table(part)


@pytest.mark.parametrize(
    ("needed", "used", "limit", "filled"),
    [(0, 0, 50, 0), (1, 0, 5000, 1), (25, 0, 50, 5), (10, 45, 50, 10)],
)
def test_a_bar_is_as_full_as_the_limit_would_be(needed, used, limit, filled):
    row = v.QuotaRow(name="x", needed=needed, used=used, limit=limit, source="live")
    drawn = table(v.QuotaResult(quotas=(row,), nodes=1, network_plugin="Terway", region="r"))
    assert drawn.count("▓") == filled
    assert drawn.count("░") == 10 - filled


def test_what_is_missing_counts_what_is_used_beyond_the_limit():
    row = v.QuotaRow(name="EIPs", needed=2, used=23, limit=20, source="live", verdict="short")
    drawn = table(v.QuotaResult(quotas=(row,), nodes=1, network_plugin="Terway", region="r"))
    assert "✗ 5 short" in drawn
    assert "2 needed, 0 are free" in drawn


@pytest.mark.parametrize("name", sorted(samples.RESULTS))
def test_a_pipe_shortens_no_id(name):
    drawn = table(samples.RESULTS[name].part, terminal=False)
    assert "…" not in drawn.replace("1234…6789", "")


@pytest.mark.parametrize("name", sorted(samples.RESULTS))
def test_every_part_has_names_for_a_shell(name):
    names = samples.RESULTS[name].part.names
    assert isinstance(names, tuple)
    assert all(isinstance(item, str) and item for item in names)
