"""Publish feature views: versions that never change, differences in words, owners, retirement."""
