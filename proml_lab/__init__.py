"""proml_lab: browse features, fit, compare and explain models, promote the notebook."""
