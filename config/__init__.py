"""What the operator and the admins decide, as typed values."""
