"""The SLB product."""
