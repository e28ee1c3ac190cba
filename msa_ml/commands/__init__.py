"""The commands of ``msa-ml``, one module a layer; nothing here decides, it only reads options and prints."""
