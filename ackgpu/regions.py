"""The regions of Alibaba Cloud that ackgpu knows by name.

It is advice and not the truth: it completes command lines, and spares the cloud a question. Whether
a region exists that is not in here is asked of the cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ackgpu.errors import AckGpuError, UsageError

REGIONS = {
    "cn-hangzhou": "China (Hangzhou)",
    "cn-shanghai": "China (Shanghai)",
    "cn-beijing": "China (Beijing)",
    "cn-shenzhen": "China (Shenzhen)",
    "cn-guangzhou": "China (Guangzhou)",
    "cn-chengdu": "China (Chengdu)",
    "cn-qingdao": "China (Qingdao)",
    "cn-zhangjiakou": "China (Zhangjiakou)",
    "cn-huhehaote": "China (Hohhot)",
    "cn-wulanchabu": "China (Ulanqab)",
    "cn-heyuan": "China (Heyuan)",
    "cn-nanjing": "China (Nanjing, local region)",
    "cn-fuzhou": "China (Fuzhou, local region)",
    "cn-wuhan-lr": "China (Wuhan, local region)",
    "cn-zhengzhou-jva": "China (Zhengzhou, CUCC joint venture)",
    "cn-hongkong": "China (Hong Kong)",
    "ap-southeast-1": "Singapore",
    "ap-southeast-3": "Malaysia (Kuala Lumpur)",
    "ap-southeast-5": "Indonesia (Jakarta)",
    "ap-southeast-6": "Philippines (Manila)",
    "ap-southeast-7": "Thailand (Bangkok)",
    "ap-northeast-1": "Japan (Tokyo)",
    "ap-northeast-2": "South Korea (Seoul)",
    "us-east-1": "US (Virginia)",
    "us-west-1": "US (Silicon Valley)",
    "na-south-1": "Mexico",
    "eu-central-1": "Germany (Frankfurt)",
    "eu-west-1": "UK (London)",
    "me-east-1": "UAE (Dubai)",
    "me-central-1": "Saudi Arabia (Riyadh)",
    "cn-hangzhou-finance": "China East 1 Finance",
    "cn-shanghai-finance-1": "China East 2 Finance",
    "cn-shenzhen-finance-1": "China South 1 Finance",
    "cn-beijing-finance-1": "China North 2 Finance (invitational preview)",
    "cn-north-2-gov-1": "China North 2 Ali Gov 1",
}
"""Ids and names, of the ECS page "Regions and zones" (2026-11)."""


def is_mainland(region: str) -> bool:
    """Whether the region is in mainland China, whose nodes do not reach every registry abroad."""
    return region.startswith("cn-") and region != "cn-hongkong"


def require(region: str, ask: Callable[[], Sequence[str]], meant: Callable[[str], str]) -> None:
    """Refuse a region that does not exist; only one that is not known by name is asked about.

    ``ask`` reads the account's regions, and ``meant`` makes the command line that takes another
    one. Raises UsageError with the nearest name; what ``ask`` raises, if there is none near.
    """
    if region in REGIONS:
        return
    there: Sequence[str] = tuple(REGIONS)
    try:
        there = ask()
    except AckGpuError:
        if not _near(region, there):
            raise
    if region in there:
        return
    near = _near(region, there)
    raise UsageError(
        f"There is no region {region!r}.",
        resolution=f"Did you mean {near[0]}? `{meant(near[0])}`"
        if near
        else f"One of: {', '.join(there)}.",
    )


def _near(region: str, there: Sequence[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(region, there, n=1, cutoff=0.7)
