"""Gates: what must hold before a version may be used; asked by the spec, judged by `promote`."""
