"""When time passes: one file per kind of due work; `clock` says when each looks."""
