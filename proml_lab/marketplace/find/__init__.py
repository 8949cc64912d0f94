"""Finding features in a catalogue."""
