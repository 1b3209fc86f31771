"""What has been in the headlines lately, as numbers that decay."""
