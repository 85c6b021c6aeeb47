"""Long work that people begin from pages: one file per kind, named in bot/work/kinds.py."""
