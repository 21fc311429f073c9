"""The comparison of shapes finds what it is for."""

from __future__ import annotations

from alibabacloud_vpc20160428.models import DescribeVpcsResponseBody

from tests.support.shapes import absent_keys, type_faults, unknown_keys


def test_unknown_keys_are_found_at_any_depth():
    body = {
        "TotalCount": 1,
        "Odd": 1,
        "Vpcs": {"Vpc": [{"VpcId": "v"}, {"VpcID": "v", "Tags": {"Tag": [{"TagKey": "k"}]}}]},
    }
    assert unknown_keys(DescribeVpcsResponseBody, body) == [
        "Odd",
        "Vpcs.Vpc[].Tags.Tag[].TagKey",
        "Vpcs.Vpc[].VpcID",
    ]
    assert unknown_keys(DescribeVpcsResponseBody, {"Vpcs": {"Vpc": []}}) == []


def test_keys_that_a_sample_has_and_an_answer_lacks_are_found():
    sample = {"A": {"B": [{"C": 1, "D": 2}]}, "E": 1}
    assert absent_keys(sample, {"A": {"B": [{"C": 1}]}}) == ["A.B[].D", "E"]
    assert absent_keys(sample, {"A": {"B": []}, "E": 2}) == []


def test_values_of_another_json_type_are_found():
    sample = {"A": [{"B": 1}], "C": True, "D": "x"}
    assert type_faults(sample, {"A": [{"B": "1"}], "C": 1, "D": "y", "F": 1}) == [
        "A[].B: string, documented integer",
        "C: integer, documented boolean",
    ]
