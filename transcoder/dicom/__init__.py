"""Bytes of DICOM instances: scanning, values, columns, files and UIDs."""
