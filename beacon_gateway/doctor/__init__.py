"""Find what prevents this device from working: one small function a check, over facts that are read once."""
