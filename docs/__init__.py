"""The documents; `_site` makes of them, of the circuits and of the API's table what `make docs` builds."""
