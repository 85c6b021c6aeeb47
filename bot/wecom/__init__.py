"""How WeCom speaks."""
