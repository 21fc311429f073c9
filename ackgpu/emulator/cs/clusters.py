"""Clusters, read: one, by pages, by region, and the old bare list."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.cluster_views import classic_row, detail, endpoints_view, region_row, row
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.pages import paged
from ackgpu.emulator.doubts import LATE
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


@PRODUCT.operation("DescribeClusterDetail", "GET /clusters/{cluster_id}")
def describe_cluster_detail(call: Call) -> dict[str, Any]:
    """One cluster."""
    return detail(call, cluster_of(call))


@PRODUCT.operation("DescribeClustersV1", "GET /api/v1/clusters", doubt="clusters_v1")
def describe_clusters_v1(call: Call) -> dict[str, Any]:
    """Clusters of all regions, or of ``region_id``; the name is fuzzy.

    The default and greatest page sizes are not published: 10 and 100 here.
    """
    region = call.params.text("region_id") or call.params.text("RegionId")
    hidden = bool(region) and call.doubt("clusters_v1") == "empty"
    page, page_info = paged(call, [] if hidden else _matching(call, region), default=10)
    return {"clusters": [row(call, cluster) for cluster in page], "page_info": page_info}


@PRODUCT.operation("DescribeClustersForRegion", "GET /regions/{region_id}/clusters")
def describe_clusters_for_region(call: Call) -> dict[str, Any]:
    """Clusters of a region, in leaner rows."""
    page, page_info = paged(call, _matching(call, call.path["region_id"]), default=10)
    return {"clusters": [region_row(call, cluster) for cluster in page], "page_info": page_info}


@PRODUCT.operation("DescribeClusters", "GET /clusters", doubt="clusters_v1")
def describe_clusters(call: Call) -> list[dict[str, Any]]:
    """The deprecated list: a bare array, without pages."""
    name, kind = call.params.text("name"), call.params.text("clusterType")
    clusters = call.docs.find("cluster", at=call.now)
    return [
        classic_row(call, cluster)
        for cluster in clusters
        if name in cluster.name and kind in {"", cluster.body["cluster_type"]}
    ]


@PRODUCT.operation("DescribeClusterEndpoints", "GET /clusters/{cluster_id}/endpoints")
def describe_cluster_endpoints(call: Call) -> dict[str, str]:
    """The addresses of the API server. No page documents it; Terraform's data sources ask for it.

    The dashboard's address and those of two agents, which the old service named too, are left out.
    """
    return endpoints_view(call, cluster_of(call))


def _matching(call: Call, region: str) -> list[Doc]:
    """Newest first."""
    params = call.params
    behind = LATE if call.doubt("cluster_lists") == "late" else 0.0
    clusters = call.docs.find("cluster", at=call.now - behind, region=region or None)
    return [
        cluster
        for cluster in reversed(clusters)
        if params.text("name") in cluster.name
        and params.text("cluster_id", cluster.id) == cluster.id
        and all(
            params.text(key, cluster.body[key]).lower() == str(cluster.body[key]).lower()
            for key in ("cluster_spec", "cluster_type", "profile")
        )
    ]
