"""A small local scoring process: raw mail in, JSON out, over HTTP on a Unix socket.

``msa-ml serve BUNDLE --socket PATH`` runs it. The interface is in :mod:`.app`, the exchange of bundles in
:mod:`.holder`, the socket in :mod:`.listening`; :mod:`.server` is the only importer of the HTTP library.
"""
