"""The VPC product."""
