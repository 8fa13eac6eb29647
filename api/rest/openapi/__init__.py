"""What the data API says about itself."""
