"""What papers and model zoos print, compared with what is counted here.

``sources`` reads the files of printed figures, ``conventions`` how each source counts,
``errata`` which of its figures do not come out; ``recount`` counts what a figure is
about and ``reproduction`` gives each a verdict. ``published`` finds what is printed for
one network, and ``accuracy_series`` which accuracies and latencies are comparable,
with the counted costs.
"""
