"""Readers of the sources whose specs are in `netlib.spec.sources`, each with `read(source, seed)`."""
