"""What adapters for mail services share: JSON out and in, letters, merge fields, campaigns, fates, signatures.

Pure, like the adapters themselves: nothing here reaches a network.
"""
