"""The mapping sheets: their model, how they are found, loaded, overlaid and checked."""
