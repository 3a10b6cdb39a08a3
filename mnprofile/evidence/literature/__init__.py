"""What papers and model zoos print, held against what is counted here.

``sources`` reads the files of printed figures, ``conventions`` how each source counts,
``misprints`` which of its figures are wrong; ``recount`` counts what a figure is about
and ``reproduction`` gives each its verdict. ``published`` is what is printed for one
network, ``accuracy_series`` which accuracies and latencies compare with each other, and
``accuracies`` puts these beside the counted costs.
"""
