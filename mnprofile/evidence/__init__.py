"""Second opinions: profilers that run the network, and printed figures."""
