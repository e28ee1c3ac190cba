"""What a module was made of, as the build wrote it into the module."""

cdef extern from *:
    """
    static const char *msa_source = MSA_SOURCE;
    """
    const char *msa_source
