"""The readers' side: the static site, the form, confirming, choosing, leaving, and what providers report.

A page is a function from what was asked to what is answered; the server in front of it bounds size, time and number.
"""
