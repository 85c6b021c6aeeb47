"""How we act: everything that changes what we know, or that WeCom is to be asked to do."""
