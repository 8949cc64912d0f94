"""What is known of features: profiles of their values."""
