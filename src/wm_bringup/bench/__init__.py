"""``wm bench``: how long each part of the control path takes, beside its bare-library bound."""
