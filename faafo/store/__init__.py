"""Where images live: one driver a file, behind the interface of ``base.ImageStore``."""
