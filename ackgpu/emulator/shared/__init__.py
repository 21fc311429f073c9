"""What several emulated products use, in no product's room."""
